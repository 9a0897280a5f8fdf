#pragma once
// Metrics: named counters, gauges and histograms that anybody may read while others write.
//
//   Counter& sealed = metrics.counter("ledger_batches_sealed");
//   Histogram& stall = metrics.histogram("swap_stall_seconds", {{"actor", name()}});
//   sealed.add();
//   stall.record(0.00004);
//   std::string json = metrics.json();
//
// A metric lives until it is removed, or its registry ends; look it up once and keep the reference.
// Thread-safe and lock-free but for the look-up.

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tramontane {

class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }

  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }

  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Counts values from 1e-9 to 9e9 in buckets of at most 12.5 % width; what lies outside counts as
// the nearest end. Zero and below count as the smallest.
class Histogram {
 public:
  struct Snapshot {
    std::uint64_t count = 0;
    double sum = 0;
    double max = 0;
    std::vector<std::uint64_t> buckets;

    double mean() const { return count == 0 ? 0 : sum / static_cast<double>(count); }

    // The value below which a share `q` of the values lies, to within a bucket.
    double quantile(double q) const;
  };

  void record(double value) { record_many(value, 1); }

  void record_many(double value, std::uint64_t times);
  // Cheaper; only where a single thread at a time records.
  void record_alone(double value);
  Snapshot snapshot() const;

 private:
  static constexpr int octaves = 64;
  static constexpr int parts = 8;  // of an octave
  static constexpr std::size_t bucket_count = octaves * parts;

  static std::size_t bucket_of(double value);
  static double middle_of(std::size_t bucket);

  std::array<std::atomic<std::uint32_t>, bucket_count> buckets_{};
  std::atomic<double> sum_{0};
  std::atomic<double> max_{0};
};

using Labels = std::vector<std::pair<std::string, std::string>>;

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The metric of that name and labels, made if it is not there.
  Counter& counter(std::string_view name, const Labels& labels = {});
  Gauge& gauge(std::string_view name, const Labels& labels = {});
  Histogram& histogram(std::string_view name, const Labels& labels = {});

  // Forgets the metric of that name and labels, if it is there: whoever kept a reference is done.
  void remove(std::string_view name, const Labels& labels = {});

  // What the counters without labels have counted.
  std::map<std::string, std::uint64_t> counts() const;

  // {"name{label=value}": 3, "histogram": {"count":…, "mean":…, "p50":…, "p90":…, "p99":…,
  // "max":…}}
  std::string json() const;

 private:
  template <class Metric>
  using Table = std::map<std::string, std::unique_ptr<Metric>, std::less<>>;

  template <class Metric>
  Metric& find(Table<Metric>& table, std::string_view name, const Labels& labels);

  mutable std::mutex mutex_;
  Table<Counter> counters_;
  Table<Gauge> gauges_;
  Table<Histogram> histograms_;
};

}  // namespace tramontane
