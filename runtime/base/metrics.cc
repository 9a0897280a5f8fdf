#include "runtime/base/metrics.h"

#include "runtime/base/log.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>

namespace tramontane {
namespace {

// Buckets take the top bits of the double itself: 11 of exponent, 3 of mantissa. The first octave
// is that of 2^-30 (about 1e-9).
constexpr int mantissa_bits = 52;
constexpr int part_bits = 3;
constexpr std::uint64_t first_octave = 1023 - 30;

std::string key_of(std::string_view name, const Labels& labels) {
  std::string key(name);
  if (labels.empty()) return key;
  char separator = '{';
  for (const auto& [label, value] : labels) {
    key += separator;
    key += label;
    key += '=';
    key += value;
    separator = ',';
  }
  key += '}';
  return key;
}

void append_number(std::string& out, double value) {
  char buffer[32];
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  out.append(buffer, static_cast<std::size_t>(std::snprintf(buffer, sizeof buffer, "%.9g", value)));
}

}  // namespace

std::size_t Histogram::bucket_of(double value) {
  auto bits = std::bit_cast<std::uint64_t>(value);
  if (!(value > 0)) return 0;
  std::uint64_t top = bits >> (mantissa_bits - part_bits);
  constexpr std::uint64_t least = first_octave << part_bits;
  if (top < least) return 0;
  return static_cast<std::size_t>(std::min<std::uint64_t>(top - least, bucket_count - 1));
}

double Histogram::middle_of(std::size_t bucket) {
  std::uint64_t top = bucket + (first_octave << part_bits);
  auto low = std::bit_cast<double>(top << (mantissa_bits - part_bits));
  auto high = std::bit_cast<double>((top + 1) << (mantissa_bits - part_bits));
  return (low + high) / 2;
}

void Histogram::record_many(double value, std::uint64_t times) {
  buckets_[bucket_of(value)].fetch_add(
      static_cast<std::uint32_t>(times), std::memory_order_relaxed);
  double added = value * static_cast<double>(times);
  double sum = sum_.load(std::memory_order_relaxed);
  while (!sum_.compare_exchange_weak(sum, sum + added, std::memory_order_relaxed)) {
  }
  double max = max_.load(std::memory_order_relaxed);
  while (value > max && !max_.compare_exchange_weak(max, value, std::memory_order_relaxed)) {
  }
}

void Histogram::record_alone(double value) {
  auto& bucket = buckets_[bucket_of(value)];
  bucket.store(bucket.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  sum_.store(sum_.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
  if (value > max_.load(std::memory_order_relaxed)) max_.store(value, std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot snapshot;
  snapshot.buckets.reserve(bucket_count);
  for (const auto& bucket : buckets_) {
    snapshot.buckets.push_back(bucket.load(std::memory_order_relaxed));
    snapshot.count += snapshot.buckets.back();
  }
  snapshot.sum = sum_.load(std::memory_order_relaxed);
  snapshot.max = max_.load(std::memory_order_relaxed);
  return snapshot;
}

double Histogram::Snapshot::quantile(double q) const {
  if (count == 0) return 0;
  auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count)));
  std::uint64_t below = 0;
  for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket) {
    below += buckets[bucket];
    if (below >= std::max<std::uint64_t>(rank, 1)) return std::min(middle_of(bucket), max);
  }
  return max;
}

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

template <class Metric>
Metric& Metrics::find(Table<Metric>& table, std::string_view name, const Labels& labels) {
  std::lock_guard lock(mutex_);
  auto& metric = table[key_of(name, labels)];
  if (!metric) metric = std::make_unique<Metric>();
  return *metric;
}

Counter& Metrics::counter(std::string_view name, const Labels& labels) {
  return find(counters_, name, labels);
}

Gauge& Metrics::gauge(std::string_view name, const Labels& labels) {
  return find(gauges_, name, labels);
}

Histogram& Metrics::histogram(std::string_view name, const Labels& labels) {
  return find(histograms_, name, labels);
}

void Metrics::remove(std::string_view name, const Labels& labels) {
  std::lock_guard lock(mutex_);
  std::string key = key_of(name, labels);
  counters_.erase(key);
  gauges_.erase(key);
  histograms_.erase(key);
}

std::map<std::string, std::uint64_t> Metrics::counts() const {
  std::lock_guard lock(mutex_);
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [name, counter] : counters_)
    if (name.find('{') == std::string::npos) counts[name] = counter->value();
  return counts;
}

std::string Metrics::json() const {
  std::lock_guard lock(mutex_);
  std::string out = "{";
  auto key = [&out](const std::string& name) {
    if (out.size() > 1) out += ',';
    append_json(out, name);
    out += ':';
  };
  for (const auto& [name, counter] : counters_) {
    key(name);
    append_number(out, static_cast<double>(counter->value()));
  }
  for (const auto& [name, gauge] : gauges_) {
    key(name);
    append_number(out, gauge->value());
  }
  for (const auto& [name, histogram] : histograms_) {
    auto seen = histogram->snapshot();
    key(name);
    out += "{\"count\":";
    append_number(out, static_cast<double>(seen.count));
    const std::pair<const char*, double> values[] = {{"mean", seen.mean()},
        {"p50", seen.quantile(0.5)}, {"p90", seen.quantile(0.9)}, {"p99", seen.quantile(0.99)},
        {"max", seen.max}};
    for (const auto& [label, value] : values) {
      out += ",\"";
      out += label;
      out += "\":";
      append_number(out, value);
    }
    out += '}';
  }
  return out + "}";
}

}  // namespace tramontane
