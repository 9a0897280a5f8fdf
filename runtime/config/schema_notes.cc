#include "runtime/config/schema_notes.h"

#include "runtime/base/check.h"
#include "runtime/config/doc.capnp.h"
#include "runtime/config/load.h"

#include <cstdint>
#include <sstream>

namespace tramontane {
namespace {

using capnp::DynamicStruct;
using capnp::DynamicValue;

// The ids in runtime/config/doc.capnp.
constexpr std::uint64_t doc_id = 0xd9d1b0f0a6c3e512;
constexpr std::uint64_t least_id = 0xc35b1cf2e1c0a8f4;
constexpr std::uint64_t most_id = 0xf2f7b8c3a5d4e6b1;

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  return out + "\"";
}

std::string number(double value) {
  for (int digits = 6; digits < 18; ++digits) {
    std::ostringstream out;
    out.precision(digits);
    out << value;
    if (std::stod(out.str()) == value) return out.str();
  }
  return std::to_string(value);
}

// float fields keep few digits: 0.2, not 0.20000000298.
std::string scalar_text(const DynamicValue::Reader& value, capnp::Type type) {
  switch (value.getType()) {  // NOLINT: the rest are not scalars
    case DynamicValue::BOOL:
      return value.as<bool>() ? "true" : "false";
    case DynamicValue::INT:
      return std::to_string(value.as<std::int64_t>());
    case DynamicValue::UINT:
      return std::to_string(value.as<std::uint64_t>());
    case DynamicValue::FLOAT: {
      if (!type.isFloat32()) return number(value.as<double>());
      std::ostringstream out;
      out << value.as<float>();
      return std::stof(out.str()) == value.as<float>() ? out.str() : number(value.as<double>());
    }
    case DynamicValue::TEXT:
      return quoted(value.as<capnp::Text>().cStr());
    case DynamicValue::ENUM: {
      KJ_IF_MAYBE (e, value.as<capnp::DynamicEnum>().getEnumerant())
        return to_snake(e->getProto().getName().cStr());
      return "unknown";
    }
    default:
      return "null";
  }
}

bool is_set_member(DynamicStruct::Reader value, capnp::StructSchema::Field field) {
  if (field.getProto().getDiscriminantValue() == capnp::schema::Field::NO_DISCRIMINANT) return true;
  KJ_IF_MAYBE (which, value.which()) return *which == field;
  return false;
}

void write(std::ostream& out, DynamicStruct::Reader value, const std::string& indent,
    std::string first_indent) {
  for (auto field : value.getSchema().getFields()) {
    if (!is_set_member(value, field)) continue;
    out << first_indent << to_snake(field.getProto().getName().cStr()) << ":";
    first_indent = indent;
    auto type = field.getType();
    auto content = value.get(field);
    if (type.isStruct()) {
      out << "\n";
      write(out, content.as<DynamicStruct>(), indent + "  ", indent + "  ");
    } else if (type.isList()) {
      auto list = content.as<capnp::DynamicList>();
      auto element = type.asList().getElementType();
      if (list.size() == 0) {
        out << " []\n";
      } else if (element.isStruct()) {
        out << "\n";
        for (auto item : list)
          write(out, item.as<DynamicStruct>(), indent + "    ", indent + "  - ");
      } else {
        out << " [";
        for (unsigned i = 0; i < list.size(); ++i)
          out << (i == 0 ? "" : ", ") << scalar_text(list[i], element);
        out << "]\n";
      }
    } else {
      out << " " << scalar_text(content, type) << "\n";
    }
  }
}

const char* type_name(capnp::Type type) {
  if (type.isText()) return "text";
  if (type.isBool()) return "true|false";
  if (type.isFloat32() || type.isFloat64()) return "number";
  if (type.isList()) return "list";
  return "whole number";
}

void describe(std::ostream& out, capnp::StructSchema schema, DynamicStruct::Reader defaults,
    const std::string& indent) {
  for (auto field : schema.getFields()) {
    SchemaNotes notes = notes_of(field.getProto().getAnnotations());
    auto type = field.getType();
    std::string head = indent + to_snake(field.getProto().getName().cStr()) + ":";
    std::string note = notes.doc;
    if (type.isEnum()) {
      std::string names;
      for (auto e : type.asEnum().getEnumerants())
        names += (names.empty() ? "" : "|") + to_snake(e.getProto().getName().cStr());
      head += " " + scalar_text(defaults.get(field), type) + "   # " + names + "; ";
    } else if (!type.isStruct() && !type.isList()) {
      head += " " + scalar_text(defaults.get(field), type) + str("   # ", type_name(type), "; ");
    } else {
      head += "   # ";
    }
    if (notes.least) note += str(" [>= ", *notes.least, "]");
    if (notes.most) note += str(" [<= ", *notes.most, "]");
    out << head << note << "\n";
    if (type.isStruct()) {
      bool in_union =
          field.getProto().getDiscriminantValue() != capnp::schema::Field::NO_DISCRIMINANT;
      capnp::MallocMessageBuilder empty;
      describe(out, type.asStruct(),
          in_union ? empty.initRoot<DynamicStruct>(type.asStruct()).asReader()
                   : defaults.get(field).as<DynamicStruct>(),
          indent + "  ");
    } else if (type.isList() && type.asList().getElementType().isStruct()) {
      capnp::MallocMessageBuilder empty;
      auto element = type.asList().getElementType().asStruct();
      describe(out, element, empty.initRoot<DynamicStruct>(element).asReader(), indent + "  - ");
    }
  }
}

}  // namespace

SchemaNotes notes_of(capnp::List<capnp::schema::Annotation>::Reader annotations) {
  SchemaNotes notes;
  for (auto a : annotations) {
    if (a.getId() == doc_id) notes.doc = a.getValue().getText().cStr();
    if (a.getId() == least_id) notes.least = a.getValue().getFloat64();
    if (a.getId() == most_id) notes.most = a.getValue().getFloat64();
  }
  return notes;
}

std::string write_yaml(DynamicStruct::Reader value) {
  std::ostringstream out;
  write(out, value, "", "");
  return out.str();
}

std::string describe_config(capnp::StructSchema schema) {
  std::ostringstream out;
  capnp::MallocMessageBuilder empty;
  describe(out, schema, empty.initRoot<DynamicStruct>(schema).asReader(), "");
  return out.str();
}

}  // namespace tramontane
