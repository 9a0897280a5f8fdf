#include "storage/reached_mark.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/file.h"
#include "storage/write_log.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

namespace tramontane {
namespace {

constexpr std::string_view magic = "tramark1";
constexpr std::size_t words = 7;

using Words = std::array<std::uint64_t, words>;

std::string path_in(const std::string& folder) {
  return folder + "/REACHED";
}

std::uint64_t this_boot() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  if (!std::getline(in, id)) return 0;
  for (char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

std::uint64_t magic_word() {
  std::uint64_t word = 0;
  std::memcpy(&word, magic.data(), magic.size());
  return word;
}

std::uint64_t check_of(const Words& mark) {
  return crc32c(std::as_bytes(std::span(mark).first(words - 1)));
}

}  // namespace

std::optional<Reached> read_mark(const std::string& folder) {
  auto files = system_files();
  std::string path = path_in(folder);
  if (!files->exists(path)) return std::nullopt;
  auto bytes = files->read(path);
  // As a power cut leaves one that was just made.
  if (bytes.empty()) return std::nullopt;
  Words mark{};
  if (bytes.size() == sizeof mark) std::memcpy(mark.data(), bytes.data(), sizeof mark);
  if (mark[0] != magic_word() || mark[words - 1] != check_of(mark)) {
    throw Error(Errc::corrupt,
        path +
            " is damaged: it says how far the store had got; without it, that is not checked "
            "(remove it to go on so)");
  }
  return Reached{mark[2], mark[3], mark[4], mark[5], mark[1] != 0 && mark[1] == this_boot()};
}

ReachedMark::ReachedMark(const std::string& folder) : boot_(this_boot()) {
  std::string path = path_in(folder);
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw Error(Errc::io, str(path, ": opening failed: ", std::strerror(errno)));
  }
}

ReachedMark::~ReachedMark() {
  ::close(descriptor_);
}

void ReachedMark::written(std::uint64_t changes) {
  reached_.written = changes;
  put();
}

void ReachedMark::synced(std::uint64_t changes) {
  reached_.written = reached_.synced = changes;
  put();
}

void ReachedMark::manifest(std::uint64_t number, std::uint64_t bytes) {
  reached_.manifest = number;
  reached_.manifest_bytes = bytes;
}

// One that cannot be written stays behind, which only checks less.
void ReachedMark::put() {
  Words mark{magic_word(), boot_, reached_.written, reached_.synced, reached_.manifest,
      reached_.manifest_bytes, 0};
  mark[words - 1] = check_of(mark);
  static_cast<void>(::pwrite(descriptor_, mark.data(), sizeof mark, 0));
}

}  // namespace tramontane
