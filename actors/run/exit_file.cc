#include "actors/run/exit_file.h"

#include "runtime/base/json_text.h"

#include <boost/json/array.hpp>

#include <tuple>

namespace tramontane {

RunEvent ExitFile::write(const ExitRecord& record) {
  boost::json::array lines(record.last_lines.begin(), record.last_lines.end());
  RunEvent event{{"event", "exit"}, {"actor", record.name}, {"kind", record.kind},
      {"incarnation", record.incarnation}, {"cause", tramontane::name(record.cause)},
      {"text", record.text}, {"doing", record.doing}, {"holding", record.holding},
      {"wall_us", record.wall}, {"log", std::move(lines)}};
  std::lock_guard lock(mutex_);
  std::ignore = lines_.append(json_text(event));  // it is told as an event, too
  return event;
}

}  // namespace tramontane
