#pragma once
// Decodes YAML into any Cap'n Proto schema struct, so that the .capnp file is the reference of a
// configuration: names, types, defaults, bounds, docs (runtime/config/doc.capnp).
//
//   auto loaded = load_config<schema::Job>("job.yaml", {"stages.reinforce.steps=10"});
//   schema::Job::Reader job = loaded.get<schema::Job>();
//   loaded.complain("stages.0.reinforce.algorithm.batch", "must be a multiple of group (8)");
//   loaded.finish();                       // throws ConfigError with all complaints, if any
//
// YAML names are lower_snake of the schema's lowerCamel. A list of structs whose first field is
// `name :Text` may be written as a map: `name: value` of the second field, or `name: {field: …}`.
// A list element that is a union is written as a map with one key. Every problem is found and
// reported with file, line, column, what was expected and the nearest valid name, all of them at
// once.

#include "runtime/base/bytes.h"
#include "runtime/base/result.h"

#include <capnp/dynamic.h>
#include <capnp/message.h>
#include <capnp/schema.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace YAML {
class Node;
}

namespace tramontane {

// All problems of one file, one per line: "job.yaml:7:3: unknown key 'max_lagg'; did you mean …".
class ConfigError : public Error {
 public:
  explicit ConfigError(std::vector<std::string> problems);

  const std::vector<std::string>& problems() const { return problems_; }

 private:
  std::vector<std::string> problems_;
};

class LoadedConfig {
 public:
  template <class T>
  typename T::Reader get() const {
    return message_->getRoot<capnp::DynamicStruct>(schema_).asReader().template as<T>();
  }

  template <class T>
  typename T::Builder edit() {
    return message_->getRoot<capnp::DynamicStruct>(schema_).template as<T>();
  }

  // Adds a problem at the place of a key ("actors.generator.count"), or of its nearest ancestor
  // that the file has.
  void complain(const std::string& path, const std::string& text);

  // Whether the file, or a --set, gives this key.
  bool given(const std::string& path) const { return places_.contains(path); }

  // What stands at a path whose field is $Config.raw, decoded by that schema, with problems at
  // their places; all defaults where the file has nothing there. As Cap'n Proto's stream has it.
  Bytes decode_raw(const std::string& path, capnp::StructSchema schema);

  // Throws ConfigError if there was any problem.
  void finish() const;

  // The whole configuration, defaults included, as YAML that loads to the same.
  std::string resolved() const;

  // The same with type, doc and bounds of each key behind it: the reference of the schema, by
  // example. `words` replace {word} in docs; elements of lists whose path ("a.list.0") is `aside`
  // are comments.
  std::string described(const std::map<std::string, std::string>& words,
      const std::function<bool(const std::string&)>& aside) const;

 private:
  friend class ConfigDecoder;
  friend LoadedConfig load_config(
      const std::string&, const std::string&, capnp::StructSchema, const std::vector<std::string>&);

  std::string file_;
  capnp::StructSchema schema_;
  std::unique_ptr<capnp::MallocMessageBuilder> message_;
  std::map<std::string, std::string> places_;  // path -> "file:line:column" or "--set …"
  std::vector<std::string> problems_;
  std::map<std::string, std::shared_ptr<YAML::Node>> raw_;  // what is decoded later, by path
  std::map<std::string, std::string> sets_;                 // the --set of each path
};

// `text` is the YAML, `file` its name for messages, `sets` are "path=value" that override it.
LoadedConfig load_config(const std::string& file, const std::string& text,
    capnp::StructSchema schema, const std::vector<std::string>& sets);

template <class T>
LoadedConfig load_config(
    const std::string& file, const std::string& text, const std::vector<std::string>& sets) {
  return load_config(file, text, capnp::Schema::from<T>(), sets);
}

std::string to_snake(const std::string& camel);

}  // namespace tramontane
