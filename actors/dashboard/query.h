#pragma once
// A Query is what a request asks of one route of the API: its parameters, checked against the
// table.
//
//   Query query(request, route);          // Error(bad_input) names a parameter that there is not
//   auto kinds = query.words("kind");
//   std::size_t limit = query.limit();
//   query.select(answer);                 // as `fields` says
//
// Thread rule: any.

#include "actors/dashboard/api.h"
#include "runtime/http/message.h"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace tramontane {

class Query {
 public:
  // The route outlives it.
  Query(const HttpRequest& request, const ApiRoute& route);

  const HttpRequest& request() const { return request_; }

  // Of the path.
  const std::string& captured(const std::string& name) const;
  std::uint64_t captured_number(const std::string& name) const;

  bool has(const char* name) const { return request_.parameter(name).has_value(); }

  std::string text(const char* name) const { return request_.parameter(name).value_or(""); }

  // Each throws Error(bad_input) that names the parameter.
  std::optional<std::uint64_t> whole(const char* name) const;
  std::optional<double> number(const char* name) const;
  bool flag(const char* name) const;
  std::set<std::string> words(const char* name) const;  // between commas
  // One of a|b|c, as the table has it; nothing if it is not given.
  std::optional<std::string> choice(const char* name) const;

  std::size_t limit() const;

  // Leaves of the answer what `fields` names, and what says which thing it is.
  void select(boost::json::object& answer) const;

 private:
  const ApiParameter& parameter(const char* name) const;

  const HttpRequest& request_;
  const ApiRoute& route_;
};

}  // namespace tramontane
