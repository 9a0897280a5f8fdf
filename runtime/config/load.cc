#include "runtime/config/load.h"

#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/config/numbers.h"
#include "runtime/config/override_node.h"
#include "runtime/config/schema_notes.h"
#include "runtime/config/text_forms.h"

#include <capnp/schema.capnp.h>
#include <capnp/serialize.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

namespace tramontane {
namespace {

using capnp::DynamicList;
using capnp::DynamicStruct;
using capnp::DynamicValue;

std::string join(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& n : names) out += (out.empty() ? "" : ", ") + n;
  return out;
}

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

}  // namespace

ConfigError::ConfigError(std::vector<std::string> problems)
    : Error(Errc::bad_input, joined_lines(problems)), problems_(std::move(problems)) {}

// Walks the YAML tree and the schema side by side.
class ConfigDecoder {
 public:
  ConfigDecoder(LoadedConfig& out, const std::map<std::string, std::string>& sets)
      : out_(out), sets_(sets) {}

  // `name`: what a map that is a list of named structs calls this one.
  void decode(const YAML::Node& node, DynamicStruct::Builder target, const std::string& path,
      const std::string& name = "");

 private:
  void complain(const std::string& path, const YAML::Node& node, const std::string& text) {
    out_.problems_.push_back(place(path, node) + ": " + text);
  }

  std::string place(const std::string& path, const YAML::Node& node) const {
    for (const auto& [set, text] : sets_)
      if (path == set || path.starts_with(set + ".")) return "--set " + text;
    YAML::Mark mark = node.Mark();
    return mark.is_null() ? out_.file_ : str(out_.file_, ":", mark.line + 1, ":", mark.column + 1);
  }

  static std::string kind_of(const YAML::Node& node, const std::string& name);
  void complain_of_key(const std::string& path, const YAML::Node& node, const std::string& kind,
      capnp::StructSchema schema);
  void decode_field(const YAML::Node& node, DynamicStruct::Builder target,
      capnp::StructSchema::Field field, const std::string& path);
  void decode_list(const YAML::Node& node, DynamicStruct::Builder target,
      capnp::StructSchema::Field field, const std::string& path);
  void decode_keyed(const YAML::Node& node, DynamicList::Builder list, const std::string& path);
  void scalar(const YAML::Node& node, capnp::Type type, const std::string& path,
      const std::string& what, const SchemaNotes* notes,
      const std::function<void(const DynamicValue::Reader&)>& store);

  LoadedConfig& out_;
  const std::map<std::string, std::string>& sets_;
};

namespace {

// A list of structs {name :Text, value, …} may be written as a map.
bool is_keyed(capnp::Type element) {
  if (!element.isStruct()) return false;
  auto fields = element.asStruct().getFields();
  return fields.size() >= 2 && fields[0].getProto().getName() == "name" &&
         fields[0].getType().isText() &&
         element.asStruct().getProto().getStruct().getDiscriminantCount() == 0;
}

}  // namespace

void ConfigDecoder::scalar(const YAML::Node& node, capnp::Type type, const std::string& path,
    const std::string& what, const SchemaNotes* notes,
    const std::function<void(const DynamicValue::Reader&)>& store) {
  auto wrong = [&](const std::string& expected) {
    std::string found = node.IsScalar() ? "'" + node.Scalar() + "'"
                        : node.IsMap()  ? "a map"
                        : node.IsNull() ? "nothing"
                                        : "a list";
    complain(path, node, str(what, ": expected ", expected, ", found ", found));
  };
  auto in_bounds = [&](double value) {
    bool below = notes != nullptr && notes->least && value < *notes->least;
    bool above = notes != nullptr && notes->most && value > *notes->most;
    if (below) wrong(str("at least ", *notes->least));
    if (above) wrong(str("at most ", *notes->most));
    return !below && !above;
  };
  if (type.isText()) {
    if (!node.IsScalar()) return wrong("text");
    std::string text = node.Scalar();
    if (notes != nullptr && notes->file) text = file_beside(out_.file_, text);
    return store(DynamicValue::Reader(capnp::Text::Reader(text.c_str())));
  }
  if (type.isBool()) {
    if (!node.IsScalar() || (node.Scalar() != "true" && node.Scalar() != "false"))
      return wrong("true or false");
    return store(DynamicValue::Reader(node.Scalar() == "true"));
  }
  if (type.isEnum()) {
    std::vector<std::string> names;
    for (auto e : type.asEnum().getEnumerants()) {
      names.push_back(to_snake(e.getProto().getName().cStr()));
      if (node.IsScalar() && node.Scalar() == names.back()) return store(capnp::DynamicEnum(e));
    }
    return wrong("one of " + listed(names));
  }
  if (auto range = integer_range(type.which())) {
    std::optional<std::int64_t> value;
    if (node.IsScalar()) value = integer_in(node.Scalar(), range->least, range->most);
    if (!value) return wrong(range->least == 0 ? "a whole number, 0 or more" : "a whole number");
    if (!in_bounds(static_cast<double>(*value))) return;
    if (range->least == 0) return store(DynamicValue::Reader(static_cast<std::uint64_t>(*value)));
    return store(DynamicValue::Reader(*value));
  }
  if (type.isFloat32() || type.isFloat64()) {
    std::optional<double> value;
    if (node.IsScalar()) value = number_in(node.Scalar());
    if (!value || !std::isfinite(*value)) return wrong("a number");
    if (!in_bounds(*value)) return;
    return store(DynamicValue::Reader(*value));
  }
  wrong("a value of a supported type");
}

void ConfigDecoder::decode_keyed(
    const YAML::Node& node, DynamicList::Builder list, const std::string& path) {
  unsigned i = 0;
  for (const auto& item : node) {
    auto element = list[i++].as<DynamicStruct>();
    auto fields = element.getSchema().getFields();
    std::string key = join(path, item.first.Scalar());
    if (fields.size() > 2 && item.second.IsMap())
      decode(item.second, element, key, item.first.Scalar());
    else
      decode_field(item.second, element, fields[1], key);
    element.set(fields[0], capnp::Text::Reader(item.first.Scalar().c_str()));
  }
}

void ConfigDecoder::decode_list(const YAML::Node& node, DynamicStruct::Builder target,
    capnp::StructSchema::Field field, const std::string& path) {
  auto element_type = field.getType().asList().getElementType();
  if (node.IsMap() && is_keyed(element_type)) {
    decode_keyed(
        node, target.init(field, static_cast<unsigned>(node.size())).as<DynamicList>(), path);
    return;
  }
  SchemaNotes notes = notes_of(field.getProto().getAnnotations());
  if (node.IsScalar() && notes.commas) {
    auto texts = comma_list(node.Scalar());
    auto list = target.init(field, static_cast<unsigned>(texts.size())).as<DynamicList>();
    for (unsigned i = 0; i < texts.size(); ++i) {
      std::string text = notes.file ? file_beside(out_.file_, texts[i]) : texts[i];
      list.set(i, capnp::Text::Reader(text.c_str()));
    }
    return;
  }
  if (!node.IsSequence()) {
    complain(path, node,
        str(path, ": expected a list", is_keyed(element_type) ? " or a map of names" : ""));
    return;
  }
  auto list = target.init(field, static_cast<unsigned>(node.size())).as<DynamicList>();
  SchemaNotes of_item{.file = notes.file};
  for (unsigned i = 0; i < node.size(); ++i) {
    std::string item_path = join(path, std::to_string(i));
    out_.places_[item_path] = place(item_path, node[i]);
    if (element_type.isStruct()) {
      decode(node[i], list[i].as<DynamicStruct>(), item_path);
    } else {
      scalar(node[i], element_type, item_path, item_path, &of_item,
          [&](const DynamicValue::Reader& v) { list.set(i, v); });
    }
  }
}

void ConfigDecoder::decode_field(const YAML::Node& node, DynamicStruct::Builder target,
    capnp::StructSchema::Field field, const std::string& path) {
  out_.places_[path] = place(path, node);
  auto type = field.getType();
  if (node.IsNull()) return;  // "key:" with nothing keeps the default
  SchemaNotes notes = notes_of(field.getProto().getAnnotations());
  if (notes.raw) {
    out_.raw_[path] = std::make_shared<YAML::Node>(node);
    return;
  }
  if (type.isStruct()) {
    bool in_union =
        field.getProto().getDiscriminantValue() != capnp::schema::Field::NO_DISCRIMINANT;
    decode(node,
        in_union ? target.init(field).as<DynamicStruct>() : target.get(field).as<DynamicStruct>(),
        path);
  } else if (type.isList()) {
    decode_list(node, target, field, path);
  } else {
    scalar(node, type, path, path, &notes,
        [&](const DynamicValue::Reader& v) { target.set(field, v); });
  }
}

// What kind of struct the map describes, where the schema has fields for some kinds only.
std::string ConfigDecoder::kind_of(const YAML::Node& node, const std::string& name) {
  for (const char* key : {"kind", "name"})
    if (auto given = node[key]; given && given.IsScalar() && !given.Scalar().empty())
      return given.Scalar();
  return name;
}

void ConfigDecoder::complain_of_key(const std::string& path, const YAML::Node& node,
    const std::string& kind, capnp::StructSchema schema) {
  const std::string& key = node.Scalar();
  std::vector<std::string> valid;
  bool known = false;
  for (auto field : schema.getFields()) {
    std::string name = to_snake(field.getProto().getName().cStr());
    known = known || name == key;
    if (belongs(field, kind)) valid.push_back(name);
  }
  std::string text;
  if (known) {
    text = str("'", key, "' is no option of ", kind);
    auto kinds = kinds_of(schema);
    bool is_one = std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    std::string near = is_one ? "" : nearest_name(kind, kinds);
    if (!near.empty()) text += str(" (did you mean the kind '", near, "'?)");
    text += str("; it has: ", listed(valid));
  } else {
    std::string near = nearest_name(key, valid);
    text = str("unknown key '", key, "'", near.empty() ? "" : str("; did you mean '", near, "'?"),
        " Valid", path.empty() ? "" : str(" in ", path), ": ", listed(valid));
  }
  complain(join(path, key), node, text);
}

void ConfigDecoder::decode(const YAML::Node& node, DynamicStruct::Builder target,
    const std::string& path, const std::string& name) {
  out_.places_[path] = place(path, node);
  if (!node.IsMap()) {
    complain(path, node, str(path.empty() ? "the file" : path, ": expected keys and values"));
    return;
  }
  auto schema = target.getSchema();
  std::string kind = kinds_of(schema).empty() ? "" : kind_of(node, name);
  std::vector<std::string> names;
  for (auto field : schema.getFields())
    names.push_back(to_snake(field.getProto().getName().cStr()));
  std::vector<std::string> seen;
  unsigned chosen = 0;  // members of the union that the map names
  for (const auto& item : node) {
    if (!item.first.IsScalar()) {
      complain(path, item.first, "a key must be a plain name");
      continue;
    }
    const std::string& key = item.first.Scalar();
    auto found = std::find(names.begin(), names.end(), key);
    if (found == names.end() ||
        !belongs(schema.getFields()[static_cast<unsigned>(found - names.begin())], kind)) {
      complain_of_key(path, item.first, kind, schema);
      continue;
    }
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      complain(join(path, key), item.first, str("key '", key, "' is given twice"));
      continue;
    }
    seen.push_back(key);
    auto field = schema.getFields()[static_cast<unsigned>(found - names.begin())];
    if (field.getProto().getDiscriminantValue() != capnp::schema::Field::NO_DISCRIMINANT &&
        ++chosen > 1) {
      complain(
          join(path, key), item.first, str("only one of these may be given here: ", listed(names)));
      continue;
    }
    decode_field(item.second, target, field, join(path, key));
  }
  if (schema.getProto().getStruct().getDiscriminantCount() > 0 && chosen == 0 && seen.empty())
    complain(path, node, str(path, ": expected one of ", listed(names)));
}

namespace {

// What stands behind --set key=: YAML where it is quoted, a list, keys and values, or begins on the
// next line; else the very text, in which '#' and '%' mean nothing.
YAML::Node value_of(const std::string& text) {
  bool structured =
      text.empty() || std::string_view("[{\"'\n").find(text[0]) != std::string_view::npos;
  return structured || text == "~" || text == "null" ? YAML::Load(text) : YAML::Node(text);
}

}  // namespace

LoadedConfig load_config(const std::string& file, const std::string& text,
    capnp::StructSchema schema, const std::vector<std::string>& sets) {
  LoadedConfig out;
  out.file_ = file;
  out.schema_ = schema;
  out.message_ = std::make_unique<capnp::MallocMessageBuilder>();
  auto root = out.message_->initRoot<DynamicStruct>(schema);
  YAML::Node tree;
  std::map<std::string, std::string> set_places;
  try {
    tree = YAML::Load(text);
    if (tree.IsNull()) tree = YAML::Node(YAML::NodeType::Map);
    for (const auto& set : sets) {
      auto equals = set.find('=');
      std::string resolved;
      if (equals == std::string::npos || equals == 0)
        out.problems_.push_back(
            "--set " + set + ": expected key=value, like stages.reinforce.steps=10");
      else if (!override_node(
                   tree, set.substr(0, equals), value_of(set.substr(equals + 1)), resolved))
        out.problems_.push_back("--set " + set + ": there is no such place in " + file);
      else
        set_places[resolved] = set;
    }
  } catch (const YAML::Exception& e) {
    out.problems_.push_back(
        e.mark.is_null() ? str(file, ": ", e.msg)
                         : str(file, ":", e.mark.line + 1, ":", e.mark.column + 1, ": ", e.msg));
    return out;
  }
  out.sets_ = std::move(set_places);
  ConfigDecoder(out, out.sets_).decode(tree, root, "");
  return out;
}

Bytes LoadedConfig::decode_raw(const std::string& path, capnp::StructSchema schema) {
  capnp::MallocMessageBuilder message;
  auto root = message.initRoot<DynamicStruct>(schema);
  if (auto found = raw_.find(path); found != raw_.end())
    ConfigDecoder(*this, sets_).decode(*found->second, root, path);
  kj::Array<capnp::word> words = capnp::messageToFlatArray(message);
  auto bytes = std::as_bytes(std::span(words.begin(), words.size()));
  return Bytes(bytes.begin(), bytes.end());
}

void LoadedConfig::complain(const std::string& path, const std::string& text) {
  std::string at = path;
  while (!places_.contains(at) && !at.empty())
    at = at.rfind('.') == std::string::npos ? "" : at.substr(0, at.rfind('.'));
  auto found = places_.find(at);
  problems_.push_back(str(found == places_.end() ? file_ : found->second, ": ", path, ": ", text));
}

void LoadedConfig::finish() const {
  if (!problems_.empty()) throw ConfigError(problems_);
}

std::string LoadedConfig::resolved() const {
  return write_yaml(message_->getRoot<DynamicStruct>(schema_).asReader());
}

std::string LoadedConfig::described(const std::map<std::string, std::string>& words,
    const std::function<bool(const std::string&)>& aside) const {
  Remarks remarks{words, aside};
  return write_yaml(message_->getRoot<DynamicStruct>(schema_).asReader(), &remarks);
}

std::string to_snake(const std::string& camel) {
  std::string out;
  for (char c : camel) {
    if (c >= 'A' && c <= 'Z') {
      out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace tramontane
