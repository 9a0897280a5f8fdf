#include "actors/dashboard/snapshot.h"

#include "actors/view/fields.h"
#include "runtime/base/result.h"
#include "storage/file.h"

#include <boost/json/parse.hpp>

#include <cmath>
#include <sys/stat.h>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::uint64_t bytes_most = 64 << 20;

std::int64_t whole(const json::object& from, std::string_view key) {
  double value = number(from, key);
  return std::isfinite(value) && std::abs(value) < 9e15 ? static_cast<std::int64_t>(value) : 0;
}

}  // namespace

bool ActorsSnapshot::read() {
  struct stat status {};

  if (::stat(path_.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) > bytes_most)
    return false;
  std::int64_t changed = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
  if (there_ && status.st_ino == inode_ && changed == changed_) return false;
  json::value value;
  try {
    Bytes bytes = system_files()->read(path_);
    json::error_code error;
    value = json::parse(as_text(bytes), error);
    if (error) return false;
  } catch (const Error&) {
    return false;  // gone just now
  }
  auto* file = value.if_object();
  if (file == nullptr) return false;
  inode_ = status.st_ino;
  changed_ = changed;
  written_ = whole(*file, "written");
  ended_ = flag(*file, "ended");
  process_ = {static_cast<int>(whole(*file, "pid")),
      static_cast<std::uint64_t>(whole(*file, "pid_started")), text(*file, "boot")};
  node_ = text(*file, "node");
  actors_.clear();
  if (const auto* rows = list(*file, "actors"))
    for (const auto& row : *rows)
      if (row.is_object()) actors_.push_back(row);
  there_ = true;
  return true;
}

void ActorsSnapshot::refresh() {
  bool fresh = read();
  bool live = there_ && !ended_ && is_running(process_);
  if (fresh || live != live_) ++version_;
  live_ = live;
}

}  // namespace tramontane
