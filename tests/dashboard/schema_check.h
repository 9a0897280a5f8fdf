#pragma once
// Holds JSON against the part of JSON Schema that the API's document uses: $ref, type, enum, anyOf,
// items, properties, additionalProperties, required.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>

namespace tramontane {

// What is wrong, with its place: "jobs[0].state: 'on' is none of …". Empty: nothing.
std::string problem_with(const boost::json::value& value, const boost::json::object& schema,
    const boost::json::object& document, const std::string& place = "");

}  // namespace tramontane
