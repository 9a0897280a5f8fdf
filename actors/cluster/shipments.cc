#include "actors/cluster/shipments.h"

#include "actors/cluster/job_files.h"
#include "runtime/base/check.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/result.h"
#include "runtime/wire/hash.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t open_most = 16;
constexpr std::size_t files_most = 1000;  // of one
constexpr std::int64_t idle_most_ms = 600'000;

bool is_ticket(const std::string& ticket) {
  return ticket.size() == 16 && ticket.find_first_not_of("0123456789abcdef") == std::string::npos;
}

[[noreturn]] void fail(const std::string& path) {
  throw Error(Errc::io, str("the head cannot store the job's files: ", path, ": ",
                            std::strerror(errno), "; nothing was submitted"));
}

void check(const ShippedPiece& piece, ByteView bytes) {
  if (!is_ticket(piece.ticket)) throw Error(Errc::bad_input, "a shipment without a number");
  if (!is_file_name(piece.name))
    throw Error(Errc::bad_input, str("\"", piece.name, "\" names no file of a job"));
  if (bytes.size() > piece_most)
    throw Error(Errc::bad_input, str("a piece of ", bytes.size(), " bytes"));
}

// The sum of all of it; on disk.
std::uint64_t settle(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) fail(path);
  RunningHash hash;
  Bytes piece(piece_most);
  for (;;) {
    ssize_t count = ::read(file.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path);
    if (count == 0) break;
    hash.add(ByteView(piece).first(static_cast<std::size_t>(count)));
  }
  if (::fsync(file.get()) != 0) fail(path);
  return hash.value();
}

}  // namespace

Shipments::Shipments(std::string folder) : folder_(std::move(folder)) {
  std::error_code ignored;  // what stays is in nobody's way: tickets are drawn anew
  fs::remove_all(folder_, ignored);
}

std::string Shipments::folder_of(const std::string& ticket) const {
  return str(folder_, "/", ticket);
}

void Shipments::drop(const std::string& ticket) {
  std::error_code ignored;  // as above
  fs::remove_all(folder_of(ticket), ignored);
  open_.erase(ticket);
}

void Shipments::add(const ShippedPiece& piece, ByteView bytes, std::int64_t now) {
  check(piece, bytes);
  if (hash_of(bytes) != piece.sum)
    throw Error(Errc::corrupt, str(piece.name, ": a piece came damaged"));
  drop_idle(now);
  auto found = open_.find(piece.ticket);
  if (found == open_.end()) {
    if (open_.size() >= open_most)
      throw Error(Errc::full,
          str("the head takes the files of ", open_most, " jobs at once: submit again later"));
    found = open_.try_emplace(piece.ticket).first;
  }
  found->second.last_ms = now;
  try {
    store(piece, bytes, found->second);
  } catch (const Error&) {
    drop(piece.ticket);
    throw;
  }
}

void Shipments::store(const ShippedPiece& piece, ByteView bytes, Open& open) {
  std::uint64_t& size = open.sizes[piece.name];
  // One that was sent already, where its answer was lost, is sent again.
  if (piece.offset + bytes.size() == size && !bytes.empty()) return;
  if (piece.offset != size)
    throw Error(Errc::bad_input, str(piece.name, ": a piece at ", piece.offset, ", not at ", size));
  if (open.bytes + bytes.size() > shipped_most || open.sizes.size() > files_most)
    throw Error(Errc::bad_input,
        str("a job ships ", shipped_most / 1'000'000, " MB in ", files_most, " files at most"));
  std::string path = str(folder_of(piece.ticket), "/", piece.name);
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) {
    errno = error.value();
    fail(path);
  }
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) fail(path);
  while (!bytes.empty()) {
    ssize_t count = ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(size));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail(path);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    size += static_cast<std::uint64_t>(count);
    open.bytes += static_cast<std::uint64_t>(count);
  }
}

void Shipments::take(
    const std::string& ticket, const std::vector<ShippedFile>& files, const std::string& to) {
  auto open = open_.find(ticket);
  if (open == open_.end())
    throw Error(Errc::bad_input, "the job's files are not there any more: submit it again");
  try {
    bool same = files.size() == open->second.sizes.size();
    for (const ShippedFile& file : files) {
      auto size = open->second.sizes.find(file.name);
      same = same && size != open->second.sizes.end() && size->second == file.bytes &&
             settle(str(folder_of(ticket), "/", file.name)) == file.sum;
    }
    if (!same) throw Error(Errc::bad_input, "the job's files are not those that were sent");
    std::error_code error;
    fs::create_directories(fs::path(to).parent_path(), error);
    if (!error && fs::exists(to)) error = std::make_error_code(std::errc::file_exists);
    if (!error) fs::rename(folder_of(ticket), to, error);
    if (error) {
      errno = error.value();
      fail(to);
    }
  } catch (const Error&) {
    drop(ticket);
    throw;
  }
  open_.erase(ticket);
}

void Shipments::drop_idle(std::int64_t now) {
  std::vector<std::string> idle;
  for (const auto& [ticket, open] : open_)
    if (now - open.last_ms >= idle_most_ms || now < open.last_ms) idle.push_back(ticket);
  for (const std::string& ticket : idle) drop(ticket);
}

}  // namespace tramontane
