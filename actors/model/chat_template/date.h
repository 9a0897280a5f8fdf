#pragma once
// The day that a chat template takes for today.
//
//   format_date({2024, 7, 26}, "%d %b %Y")     // 26 Jul 2024
//
// Pure function: any thread.

#include <string>
#include <string_view>

namespace tramontane {

// 26 Jul 2024 by default: the day that Llama 3.1's own template falls back to. A template that asks
// for the real one would make a prompt, and with it a run, that no replay makes again.
struct ChatDate {
  int year = 2024;
  int month = 7;
  int day = 26;
};

namespace jinja {

// As strftime() in English at midnight. Error(unsupported) for what depends on the place or zone,
// Error(bad_input) for a date that is none.
std::string format_date(const ChatDate& date, std::string_view format);

}  // namespace jinja
}  // namespace tramontane
