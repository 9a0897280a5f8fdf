#include "actors/export/tensorboard.h"

#include "actors/export/metric_points.h"
#include "actors/export/out_file.h"
#include "runtime/base/check.h"

#include <boost/crc.hpp>

#include <bit>
#include <cstdio>
#include <cstring>
#include <optional>
#include <set>

namespace tramontane {
namespace {

template <class Word>
void append_word(std::string& out, Word word) {  // little-endian
  for (std::size_t i = 0; i < sizeof word; ++i) out += static_cast<char>(word >> (8 * i));
}

// Protocol Buffers: a field is its number and wire type, then the value.
enum class Wire : unsigned { varint = 0, eight_bytes = 1, bytes = 2, four_bytes = 5 };

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void append_key(std::string& out, unsigned field, Wire wire) {
  append_varint(out, field << 3 | static_cast<unsigned>(wire));
}

void append_bytes(std::string& out, unsigned field, std::string_view bytes) {
  append_key(out, field, Wire::bytes);
  append_varint(out, bytes.size());
  out += bytes;
}

// Fields of Event and of what it holds (tensorflow/core/util/event.proto, framework/summary.proto).
constexpr unsigned event_wall_time = 1, event_step = 2, event_file_version = 3, event_summary = 5,
                   event_session_log = 7;
constexpr unsigned session_status = 1, session_start = 1;
constexpr unsigned summary_value = 1, value_tag = 1, value_simple = 2, value_metadata = 9;
constexpr unsigned metadata_plugin = 1, metadata_display_name = 2, metadata_description = 3,
                   plugin_name = 1;

std::string event_at(double wall_seconds, std::int64_t step) {
  std::string event;
  append_key(event, event_wall_time, Wire::eight_bytes);
  append_word(event, std::bit_cast<std::uint64_t>(wall_seconds));
  append_key(event, event_step, Wire::varint);
  append_varint(event, static_cast<std::uint64_t>(step));
  return event;
}

std::string scalar(const std::string& tag, double figure, const MetricRow* described) {
  std::string value;
  append_bytes(value, value_tag, tag);
  append_key(value, value_simple, Wire::four_bytes);
  append_word(value, std::bit_cast<std::uint32_t>(static_cast<float>(figure)));
  if (described != nullptr) {
    std::string plugin;
    append_bytes(plugin, plugin_name, "scalars");
    std::string metadata;
    append_bytes(metadata, metadata_plugin, plugin);
    append_bytes(metadata, metadata_display_name, described->name);
    append_bytes(metadata, metadata_description, str(described->help, " (", described->unit, ")"));
    append_bytes(value, value_metadata, metadata);
  }
  return value;
}

class EventFile {
 public:
  explicit EventFile(std::string folder) : folder_(std::move(folder)) {}

  void take(const MetricPoint& point) {
    double wall = static_cast<double>(point.wall) / 1e6;
    if (!file_) open(wall);
    std::string event = event_at(wall, point.x);
    if (point.resumed) {
      std::string log;
      append_key(log, session_status, Wire::varint);
      append_varint(log, session_start);
      append_bytes(event, event_session_log, log);
    } else {
      append_bytes(event, event_summary, summary_of(point));
    }
    write(event);
  }

  std::string finish() {
    if (!file_) open(0);
    file_->close();
    return file_->path();
  }

 private:
  void open(double wall) {
    char name[64];
    std::snprintf(name, sizeof name, "events.out.tfevents.%010.0f.tramontane", wall);
    file_.emplace(folder_, name);
    std::string first = event_at(wall, 0);
    append_bytes(first, event_file_version, "brain.Event:2");
    write(first);
  }

  std::string summary_of(const MetricPoint& point) {
    std::string summary;
    for (const auto& [row, figure] : point.figures) {
      std::string tag = str(name(point.source), "/", row->name);
      if (!point.label.empty()) tag += "/" + point.label;
      bool fresh = described_.insert(tag).second;
      append_bytes(summary, summary_value, scalar(tag, figure, fresh ? row : nullptr));
    }
    return summary;
  }

  void write(const std::string& event) {
    std::string record;
    append_record(record, event);
    file_->write(record);
  }

  const std::string folder_;
  std::optional<OutFile> file_;
  std::set<std::string> described_;  // tags
};

}  // namespace

std::uint32_t masked_crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  std::uint32_t sum = crc.checksum();
  return (sum >> 15 | sum << 17) + 0xA282EAD8U;
}

void append_record(std::string& out, std::string_view content) {
  std::string length;
  append_word(length, static_cast<std::uint64_t>(content.size()));
  out += length;
  append_word(out, masked_crc32c(length));
  out += content;
  append_word(out, masked_crc32c(content));
}

std::string write_tensorboard(const std::string& run_folder, const std::string& folder) {
  EventFile file(folder);
  each_metric_point(run_folder, [&](const MetricPoint& point) { file.take(point); });
  return file.finish();
}

}  // namespace tramontane
