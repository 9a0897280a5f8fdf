#include "storage/rocksdb_words.h"

#include <rocksdb/env.h>

#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace tramontane {
namespace {

class Words final : public rocksdb::Logger {
 public:
  explicit Words(const std::string& path) : Logger(rocksdb::WARN_LEVEL) {
    if (!path.empty())
      descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  }

  ~Words() override {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  void LogHeader(const char*, va_list) override {}

  using Logger::Logv;

  void Logv(const char* format, va_list values) override {
    if (descriptor_ < 0 || bytes_ > bytes_most) return;
    char line[1024];
    int length = std::vsnprintf(line, sizeof line - 1, format, values);
    if (length < 0) return;
    auto size = std::min<std::size_t>(static_cast<std::size_t>(length), sizeof line - 2);
    line[size++] = '\n';
    bytes_ += size;
    static_cast<void>(::write(descriptor_, line, size));
  }

 private:
  static constexpr std::uint64_t bytes_most = 1 << 20;  // per life

  int descriptor_ = -1;
  std::atomic<std::uint64_t> bytes_ = 0;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> rocksdb_words(const std::string& path) {
  return std::make_shared<Words>(path);
}

}  // namespace tramontane
