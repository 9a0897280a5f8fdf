#pragma once
// The report's page: one self-contained HTML file around the data of a run.

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace tramontane {

// JSON that may stand inside a <script> element: no "<" (so no "</script>" and no "<!--"), no
// U+2028 or U+2029, and, whatever came, valid UTF-8.
std::string script_json(const boost::json::object& data);

// The whole page.
std::string page(const boost::json::object& data);

// actors/report/static, joined by embed.py: what stands before and after the data.
extern const std::string_view page_head;
extern const std::string_view page_tail;

}  // namespace tramontane
