#include "storage/write_log.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <vector>

namespace tramontane {
namespace {

constexpr std::size_t block_bytes = 32768;
constexpr std::size_t header_bytes = 7;
constexpr std::size_t write_header_bytes = 12;

enum PartType : std::uint8_t { whole = 1, first = 2, middle = 3, last = 4 };

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? 0x82f63b78U : 0U);
    table[i] = value;
  }
  return table;
}

constexpr auto crc_table = make_table();

template <class T>
T number_at(ByteView bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

struct Part {
  std::uint8_t type = 0;
  ByteView bytes;
};

// What is read of one log, record by record.
class Scan {
 public:
  Scan(std::string path, ByteView bytes) : path_(std::move(path)), bytes_(bytes) {}

  // The next record's first bytes, as far as a write's header; nothing at the end or at damage.
  std::optional<Bytes> next() {
    std::size_t begin = at_;
    Bytes head;
    bool inside = false;
    while (true) {
      auto part = next_part();
      if (!part) {
        if (inside && !damage_) spoil(begin, "it ends in the middle of a record");
        if (damage_) damage_->offset = begin;
        return std::nullopt;
      }
      bool begins = part->type == whole || part->type == first;
      if (begins == inside) {
        spoil(begin, "parts of a record are missing");
        return std::nullopt;
      }
      if (head.size() < write_header_bytes) {
        auto count = std::min(write_header_bytes - head.size(), part->bytes.size());
        head.insert(head.end(), part->bytes.begin(),
            part->bytes.begin() + static_cast<std::ptrdiff_t>(count));
      }
      if (part->type == whole || part->type == last) return head;
      inside = true;
    }
  }

  const std::optional<LogDamage>& damage() const { return damage_; }

  // The record that next() gave last was the last that can be used.
  void spoil(std::size_t offset, std::string why) {
    damage_ = {path_, offset, std::move(why), follows(at_)};
  }

  std::size_t position() const { return at_; }

 private:
  // At `at`; nothing if there is none, with the reason.
  std::optional<Part> part_at(std::size_t at, std::string& why) const {
    std::size_t left = block_bytes - at % block_bytes;
    why = "it ends in the middle of a record";
    if (at + header_bytes > bytes_.size()) return std::nullopt;
    auto length = number_at<std::uint16_t>(bytes_, at + 4);
    auto type = static_cast<std::uint8_t>(bytes_[at + 6]);
    if (type < whole || type > last) why = "it holds something that is no record";
    if (type < whole || type > last) return std::nullopt;
    if (header_bytes + length > left) why = "the length of a record is wrong";
    if (header_bytes + length > left) return std::nullopt;
    if (at + header_bytes + length > bytes_.size()) return std::nullopt;
    std::uint32_t sum = crc32c(bytes_.subspan(at + 6, 1U + length));
    sum = (sum >> 15 | sum << 17) + 0xa282ead8U;
    why = "the checksum of a record does not match";
    if (sum != number_at<std::uint32_t>(bytes_, at)) return std::nullopt;
    return Part{type, bytes_.subspan(at + header_bytes, length)};
  }

  std::optional<Part> next_part() {
    // Room that was reserved and not written to.
    bool empty =
        std::all_of(bytes_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, bytes_.size())),
            bytes_.end(), [](std::byte b) { return b == std::byte{0}; });
    if (at_ >= bytes_.size() || (bytes_[at_] == std::byte{0} && empty)) return std::nullopt;
    std::string why;
    auto part = part_at(at_, why);
    if (!part) {
      damage_ = {path_, at_, why, follows(at_ + 1)};
      return std::nullopt;
    }
    at_ += header_bytes + part->bytes.size();
    // What no header fits into is left empty.
    std::size_t left = block_bytes - at_ % block_bytes;
    if (left < header_bytes) at_ += left;
    return part;
  }

  // Is there a record in what remains of this block, or at the beginning of a later one?
  bool follows(std::size_t from) const {
    std::string why;
    for (std::size_t at = from; at + header_bytes <= bytes_.size();) {
      auto part = part_at(at, why);
      if (part && !part->bytes.empty()) return true;
      bool in_first_block = at / block_bytes == from / block_bytes;
      at = in_first_block ? at + 1 : (at / block_bytes + 1) * block_bytes;
    }
    return false;
  }

  std::string path_;
  ByteView bytes_;
  std::size_t at_ = 0;
  std::optional<LogDamage> damage_;
};

// The names of the folder's logs by their numbers.
std::vector<std::string> log_names(const Files& files, const std::string& folder) {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  for (const auto& name : files.list(folder)) {
    if (!name.ends_with(".log")) continue;
    std::uint64_t number = 0;
    const char* end = name.data() + name.size() - 4;
    if (std::from_chars(name.data(), end, number).ptr == end) found.emplace_back(number, name);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (auto& [number, name] : found) names.push_back(std::move(name));
  return names;
}

}  // namespace

std::uint32_t crc32c(ByteView bytes, std::uint32_t before) {
  std::uint32_t value = ~before;
  for (std::byte b : bytes)
    value = value >> 8 ^ crc_table[(value ^ static_cast<std::uint32_t>(b)) & 0xff];
  return ~value;
}

LogState check_logs(const std::string& folder) {
  LogState state;
  auto files = system_files();
  std::optional<LogDamage> torn;  // it may be that a later log goes on from there
  for (const auto& name : log_names(*files, folder)) {
    std::string path = folder + "/" + name;
    Bytes bytes;
    try {
      bytes = files->read(path);
    } catch (const Error& error) {
      if (error.errc() == Errc::not_found) continue;  // its writer needs it no longer
      throw;
    }
    Scan scan(path, bytes);
    for (std::size_t begin = 0;; begin = scan.position()) {
      auto head = scan.next();
      if (!head) break;
      if (head->size() < write_header_bytes) {
        scan.spoil(begin, "a record is too short");
        break;
      }
      auto number = number_at<std::uint64_t>(*head, 0);
      auto count = number_at<std::uint32_t>(*head, 8);
      if (state.reached != 0 && number > state.reached + 1) {
        state.damage = torn.value_or(LogDamage{path, begin,
            str("changes ", state.reached + 1, " to ", number - 1, " are missing before it"),
            true});
        state.damage->more_follows = true;
        return state;
      }
      state.reached = std::max(state.reached, number + count - 1);
    }
    if (!scan.damage()) continue;
    torn = scan.damage();
    if (torn->more_follows) {
      state.damage = torn;
      return state;
    }
  }
  state.damage = torn;
  return state;
}

std::optional<LogDamage> check_log(const std::string& path) {
  auto bytes = system_files()->read(path);
  Scan scan(path, bytes);
  while (scan.next()) {
  }
  return scan.damage();
}

void copy_readable_logs(const std::string& folder, const std::string& to) {
  auto files = system_files();
  auto damage = check_logs(folder).damage;
  bool over = false;
  for (const auto& name : log_names(*files, folder)) {
    std::string path = folder + "/" + name;
    auto bytes = files->read(path);
    if (over) break;
    if (damage && damage->path == path) {
      bytes.resize(damage->offset);
      over = damage->more_follows;
    }
    files->write(to + "/" + name, bytes);
  }
}

void cut_logs(const std::string& folder, const LogDamage& damage) {
  auto files = system_files();
  std::string aside = folder + "/damaged";
  files->make_folder(aside);
  bool after = false;
  for (const auto& name : log_names(*files, folder)) {
    std::string path = folder + "/" + name;
    bool here = path == damage.path;
    if (!here && !after) continue;
    auto bytes = files->read(path);
    // The copy is durable before anything changes.
    write_durably(*files, aside + "/" + name, bytes);
    if (here) {
      bytes.resize(damage.offset);
      write_durably(*files, path, bytes);
    } else {
      files->remove(path);
    }
    after = true;
  }
  files->sync_folder(folder);
}

}  // namespace tramontane
