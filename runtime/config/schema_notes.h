#pragma once
// What a configuration schema says of a field beyond its type, and schemas and values as text.

#include <capnp/dynamic.h>
#include <capnp/schema.capnp.h>

#include <optional>
#include <string>

namespace tramontane {

struct SchemaNotes {
  std::string doc;
  std::optional<double> least;
  std::optional<double> most;
};

SchemaNotes notes_of(capnp::List<capnp::schema::Annotation>::Reader annotations);

// A whole value as YAML, defaults included.
std::string write_yaml(capnp::DynamicStruct::Reader value);

}  // namespace tramontane
