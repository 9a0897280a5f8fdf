#include "actors/model/chat_template/date.h"

#include "actors/model/chat_template/work.h"

#include <chrono>
#include <ctime>

namespace tramontane::jinja {

std::string format_date(const ChatDate& date, std::string_view format) {
  namespace chrono = std::chrono;
  chrono::year_month_day day{chrono::year(date.year),
      chrono::month(static_cast<unsigned>(date.month)),
      chrono::day(static_cast<unsigned>(date.day))};
  if (!day.ok() || date.year < 1 || date.year > 9999)
    fail("the date of the chat template is no day of a calendar");
  chrono::sys_days since = day;
  std::tm time{};
  time.tm_year = date.year - 1900;
  time.tm_mon = date.month - 1;
  time.tm_mday = date.day;
  time.tm_wday = static_cast<int>(chrono::weekday(since).c_encoding());
  time.tm_yday = static_cast<int>(
      (since - chrono::sys_days(chrono::year(date.year) / chrono::January / 1)).count());
  std::string out;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') {
      out += format[at];
      continue;
    }
    std::string one = "%";
    if (at + 1 < format.size() && format[at + 1] == '-') one += format[++at];
    char type = at + 1 < format.size() ? format[++at] : '\0';
    constexpr std::string_view known = "%ABDFHIMRSTUVWYabdeGhjmpuwyny";
    if (type == '\0' || known.find(type) == std::string_view::npos)
      refuse("`%" + std::string(1, type == '\0' ? ' ' : type) + "` in a date's format");
    one += type;
    char text[64];
    out.append(text, std::strftime(text, sizeof text, one.c_str(), &time));
  }
  return out;
}

}  // namespace tramontane::jinja
