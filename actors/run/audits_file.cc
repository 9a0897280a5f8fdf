#include "actors/run/audits_file.h"

#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <filesystem>
#include <system_error>
#include <utility>

namespace tramontane {
namespace {

constexpr const char* newest = "/audits.jsonl";
constexpr const char* older = "/audits.old.jsonl";

}  // namespace

AuditsFile::AuditsFile(std::string folder, std::uint64_t most)
    : folder_(std::move(folder)), most_(most) {
  open();
}

void AuditsFile::open() {
  lines_.emplace(folder_ + newest);
  std::error_code error;
  auto bytes = std::filesystem::file_size(folder_ + newest, error);
  bytes_ = error ? 0 : bytes;
}

void AuditsFile::append(const RunEvent& event) {
  std::string line = json_text(event);
  if (bytes_ > 0 && bytes_ + line.size() > most_) {
    lines_.reset();
    std::error_code error;
    std::filesystem::rename(folder_ + newest, folder_ + older, error);
    if (error) std::filesystem::resize_file(folder_ + newest, 0, error);
    try {
      open();
    } catch (const Error&) {
      return;  // no file any more: the run comes first
    }
  }
  if (lines_ && !lines_->append(line)) bytes_ += line.size() + 1;
}

}  // namespace tramontane
