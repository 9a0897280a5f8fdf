#pragma once
// Reads the fields of one JSON object, a model's config.json or an object in it, with errors that
// name file, field, value and what was expected.
//
//   ConfigFields fields(object);
//   c.width = fields.integer("hidden_size", 1, 1 << 18);
//
// The object must outlive its reader. Not shared between threads.

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

class ConfigFields {
 public:
  // `where` begins every error: config.json, or config.json: rope_scaling.
  explicit ConfigFields(const boost::json::object& object, std::string_view where = "config.json")
      : object_(object), where_(where) {}

  const boost::json::object& object() const { return object_; }

  const std::string& where() const { return where_; }

  // Null where the field is absent or null.
  const boost::json::value* find(std::string_view name) const;

  // Whether it is there, be it null.
  bool has(std::string_view name) const;

  // Missing, not whole or out of bounds: Error(bad_input), as in all of these.
  std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most) const;

  // From 1.
  std::int64_t integer_or(std::string_view name, std::int64_t fallback, std::int64_t most) const;

  // Over 0, and neither too small nor too large for a float32.
  double positive(std::string_view name) const;
  double positive_or(std::string_view name, double fallback) const;

  bool flag_or(std::string_view name, bool fallback) const;

  // A list of `count` texts or of so many whole numbers; empty where it is absent.
  std::vector<std::string> texts(std::string_view name, std::int64_t count) const;
  std::vector<std::int64_t> integers(std::string_view name, std::int64_t count) const;

  // Refuses a field whose value is set and is not the one that this build computes. Numbers are
  // compared by value.
  void only(std::string_view name, const boost::json::value& supported) const;

  // One token id or a list of them; none where there is none, or -1.
  std::vector<std::int32_t> tokens(std::string_view name, std::int64_t vocabulary) const;

  // The first of them; -1 where there is none.
  std::int32_t token(std::string_view name, std::int64_t vocabulary) const;

  [[noreturn]] void bad(std::string_view name, std::string_view expected) const;
  [[noreturn]] void unsupported(std::string_view name, std::string_view remedy) const;

 private:
  const boost::json::object& object_;
  std::string where_;
};

// Whether `one` is in a list of words separated by spaces.
bool in_list(std::string_view list, std::string_view one);

// Equal, whole numbers and fractions by their value.
bool same_json(const boost::json::value& a, const boost::json::value& b);

// Error(bad_input) naming `where` if it is none.
boost::json::object parse_config_object(std::string_view text, std::string_view where);

}  // namespace tramontane
