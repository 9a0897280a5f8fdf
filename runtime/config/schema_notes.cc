#include "runtime/config/schema_notes.h"

#include "runtime/base/check.h"
#include "runtime/config/doc.capnp.h"
#include "runtime/config/load.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <sstream>

namespace tramontane {
namespace {

using capnp::DynamicStruct;
using capnp::DynamicValue;

// The ids in runtime/config/doc.capnp.
constexpr std::uint64_t doc_id = 0xd9d1b0f0a6c3e512;
constexpr std::uint64_t least_id = 0xc35b1cf2e1c0a8f4;
constexpr std::uint64_t most_id = 0xf2f7b8c3a5d4e6b1;
constexpr std::uint64_t kinds_id = 0xe1a6b9c24f7d3085;
constexpr std::uint64_t raw_id = 0xcf6d2a9b04e1875c;
constexpr std::uint64_t file_id = 0xd41c6e0b97a2f583;
constexpr std::uint64_t commas_id = 0xe6b5d2f813c09a47;

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

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

// A struct's `kind`, else its `name`; "" where it has neither.
std::string kind_in(DynamicStruct::Reader value) {
  std::string kind;
  for (const char* key : {"name", "kind"})
    KJ_IF_MAYBE (field, value.getSchema().findFieldByName(key)) {
      if (!field->getType().isText()) continue;
      auto text = value.get(*field).as<capnp::Text>();
      if (text.size() > 0) kind = text.cStr();
    }
  return kind;
}

bool is_set_member(DynamicStruct::Reader value, capnp::StructSchema::Field field) {
  if (field.getProto().getDiscriminantValue() == capnp::schema::Field::NO_DISCRIMINANT) return true;
  KJ_IF_MAYBE (which, value.which()) return *which == field;
  return false;
}

const char* type_name(capnp::Type type) {
  if (type.isText()) return "text";
  if (type.isBool()) return "true|false";
  if (type.isFloat32() || type.isFloat64()) return "number";
  return "whole number";
}

class Writer {
 public:
  explicit Writer(const Remarks* remarks) : remarks_(remarks) {}

  void write(DynamicStruct::Reader value, const std::string& path, const std::string& indent,
      std::string first_indent) {
    std::string kind = kind_in(value);
    for (auto field : value.getSchema().getFields()) {
      if (!is_set_member(value, field) || !belongs(field, kind)) continue;
      std::string key = to_snake(field.getProto().getName().cStr());
      out_ << first_indent << key << ":";
      first_indent = indent;
      content(value.get(field), field, path + key, indent);
    }
  }

  std::string text() const { return out_.str(); }

 private:
  void content(const DynamicValue::Reader& value, capnp::StructSchema::Field field,
      const std::string& path, const std::string& indent) {
    auto type = field.getType();
    if (type.isStruct()) {
      end_line(field);
      write(value.as<DynamicStruct>(), path + ".", indent + "  ", indent + "  ");
    } else if (!type.isList()) {
      out_ << " " << scalar_text(value, type);
      end_line(field);
    } else if (auto list = value.as<capnp::DynamicList>();
               list.size() > 0 && type.asList().getElementType().isStruct()) {
      end_line(field);
      for (unsigned i = 0; i < list.size(); ++i)
        element(list[i].as<DynamicStruct>(), path + "." + std::to_string(i), indent);
    } else {
      out_ << " [";
      for (unsigned i = 0; i < list.size(); ++i)
        out_ << (i == 0 ? "" : ", ") << scalar_text(list[i], type.asList().getElementType());
      out_ << "]";
      end_line(field);
    }
  }

  void element(DynamicStruct::Reader value, const std::string& path, const std::string& indent) {
    std::string in = remarks_ && remarks_->aside && remarks_->aside(path) ? "# " + indent : indent;
    write(value, path + ".", in + "    ", in + "  - ");
  }

  // What the field means, behind its value.
  void end_line(capnp::StructSchema::Field field) {
    std::string note = remarks_ ? note_of(field) : "";
    out_ << (note.empty() ? "" : "   # ") << note << "\n";
  }

  std::string note_of(capnp::StructSchema::Field field) const {
    SchemaNotes notes = notes_of(field.getProto().getAnnotations());
    auto type = field.getType();
    std::string out;
    if (type.isEnum()) {
      for (auto e : type.asEnum().getEnumerants())
        out += (out.empty() ? "" : "|") + to_snake(e.getProto().getName().cStr());
    } else if (!type.isStruct() && !type.isList()) {
      out = type_name(type);
    }
    if (!notes.doc.empty()) out += (out.empty() ? "" : "; ") + with_words(notes.doc);
    if (notes.least) out += str(" [>= ", *notes.least, "]");
    if (notes.most) out += str(" [<= ", *notes.most, "]");
    return out;
  }

  std::string with_words(std::string doc) const {
    for (const auto& [word, text] : remarks_->words) {
      std::string place = "{" + word + "}";
      if (auto at = doc.find(place); at != doc.npos) doc.replace(at, place.size(), text);
    }
    return doc;
  }

  const Remarks* remarks_;
  std::ostringstream out_;
};

}  // namespace

SchemaNotes notes_of(capnp::List<capnp::schema::Annotation>::Reader annotations) {
  SchemaNotes notes;
  for (auto a : annotations) {
    if (a.getId() == doc_id) notes.doc = a.getValue().getText().cStr();
    if (a.getId() == least_id) notes.least = a.getValue().getFloat64();
    if (a.getId() == most_id) notes.most = a.getValue().getFloat64();
    if (a.getId() == kinds_id) notes.kinds = a.getValue().getText().cStr();
    if (a.getId() == raw_id) notes.raw = a.getValue().getText().cStr();
    notes.file = notes.file || a.getId() == file_id;
    notes.commas = notes.commas || a.getId() == commas_id;
  }
  return notes;
}

std::vector<std::string> kinds_of(capnp::StructSchema schema) {
  std::vector<std::string> out;
  for (auto field : schema.getFields())
    for (auto& word : words_of(notes_of(field.getProto().getAnnotations()).kinds.value_or("")))
      if (std::find(out.begin(), out.end(), word) == out.end()) out.push_back(word);
  return out;
}

bool belongs(capnp::StructSchema::Field field, const std::string& kind) {
  auto kinds = notes_of(field.getProto().getAnnotations()).kinds;
  if (!kinds) return true;
  auto words = words_of(*kinds);
  auto among = [&](const auto& all) {
    return std::find(all.begin(), all.end(), kind) != all.end();
  };
  return words.empty() ? !among(kinds_of(field.getContainingStruct())) : among(words);
}

std::string write_yaml(DynamicStruct::Reader value, const Remarks* remarks) {
  Writer writer(remarks);
  writer.write(value, "", "", "");
  return writer.text();
}

}  // namespace tramontane
