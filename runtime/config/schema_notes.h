#pragma once
// What a configuration schema says of a field beyond its type, and schemas and values as text.

#include <capnp/dynamic.h>
#include <capnp/schema.capnp.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

struct SchemaNotes {
  std::string doc;
  std::optional<double> least;
  std::optional<double> most;
  std::optional<std::string> kinds;
  std::optional<std::string> raw;
  bool file = false;
  bool commas = false;
};

SchemaNotes notes_of(capnp::List<capnp::schema::Annotation>::Reader annotations);

// Every kind that a field of the struct is only for; empty where its fields are for all.
std::vector<std::string> kinds_of(capnp::StructSchema schema);

// Whether a struct of this kind has the field ($Config.kinds).
bool belongs(capnp::StructSchema::Field field, const std::string& kind);

// What to write beside a value.
struct Remarks {
  std::map<std::string, std::string> words;                 // for {word} in a doc
  std::function<bool(const std::string&)> aside = nullptr;  // a list's element, by its path
};

// A whole value as YAML, defaults included; with `remarks`, each key with its type, doc and bounds
// behind it, and elements that are aside as comments.
std::string write_yaml(capnp::DynamicStruct::Reader value, const Remarks* remarks = nullptr);

}  // namespace tramontane
