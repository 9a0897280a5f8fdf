#include "actors/rewards/maths/wire.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>

namespace tramontane::maths {

namespace {

constexpr std::uint32_t version = 1;

// Bounds of options that come from outside.
constexpr std::uint32_t points_max = 64;
constexpr std::uint32_t precision_max = 1U << 16;
constexpr std::uint32_t depth_max = 256;
constexpr std::uint32_t nodes_max = 1U << 16;
constexpr std::uint32_t number_bits_max = 1U << 24;

class Writer {
 public:
  void number(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out_ += static_cast<char>(value >> (8 * i) & 0xFF);
  }

  void real(double value) { number(std::bit_cast<std::uint64_t>(value), 8); }

  void text(std::string_view value) {
    number(value.size(), 4);
    out_ += value;
  }

  std::string frame() const {
    Writer length;
    length.number(out_.size(), 4);
    return length.out_ + out_;
  }

 private:
  std::string out_;
};

// Sticky: after one value that is not there, all are zero and good() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number(std::size_t bytes) {
    if (rest_.size() < bytes) {
      good_ = false;
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      value |= std::uint64_t{static_cast<std::uint8_t>(rest_[i])} << (8 * i);
    rest_.remove_prefix(bytes);
    return value;
  }

  std::uint32_t bounded(std::uint32_t most) {
    auto value = static_cast<std::uint32_t>(number(4));
    if (value > most) good_ = false;
    return value;
  }

  double real() { return std::bit_cast<double>(number(8)); }

  std::string text() {
    std::size_t length = number(4);
    if (length > rest_.size()) {
      good_ = false;
      return {};
    }
    std::string out(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return out;
  }

  void refuse() { good_ = false; }

  bool finished() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

void write(Writer& out, const CompareOptions& options) {
  out.number(options.decimal_digits_min, 4);
  out.number(static_cast<std::uint64_t>(options.percent), 4);
  out.real(options.domain_low);
  out.real(options.domain_high);
  for (std::uint32_t value : {options.points, options.precision_bits, options.precision_bits_max,
           options.text_bytes_max, options.depth_max, options.nodes_max, options.number_bits_max})
    out.number(value, 4);
}

CompareOptions read_options(Reader& in) {
  CompareOptions options;
  options.decimal_digits_min = in.bounded(UINT32_MAX);
  options.percent = static_cast<PercentRule>(in.bounded(1));
  options.domain_low = in.real();
  options.domain_high = in.real();
  constexpr double widest = 1e6;
  bool sane = options.domain_low >= 0 && options.domain_low < options.domain_high &&
              options.domain_high <= widest;
  if (!sane) in.refuse();
  options.points = in.bounded(points_max);
  options.precision_bits = in.bounded(precision_max);
  options.precision_bits_max = in.bounded(precision_max);
  if (options.precision_bits < 2) in.refuse();
  options.text_bytes_max = in.bounded(frame_bytes_max);
  options.depth_max = in.bounded(depth_max);
  options.nodes_max = in.bounded(nodes_max);
  options.number_bits_max = in.bounded(number_bits_max);
  return options;
}

}  // namespace

std::string encode(const Request& request) {
  Writer out;
  out.number(version, 4);
  write(out, request.options);
  out.text(request.gold);
  out.text(request.answer);
  return out.frame();
}

std::string encode(const Comparison& reply) {
  Writer out;
  out.number(static_cast<std::uint64_t>(reply.outcome), 1);
  out.text(reply.how);
  return out.frame();
}

std::optional<Request> decode_request(std::string_view bytes) {
  Reader in(bytes);
  if (in.number(4) != version) return std::nullopt;
  Request request;
  request.options = read_options(in);
  request.gold = in.text();
  request.answer = in.text();
  if (!in.finished()) return std::nullopt;
  return request;
}

std::optional<Comparison> decode_reply(std::string_view bytes) {
  Reader in(bytes);
  std::uint64_t outcome = in.number(1);
  if (outcome > static_cast<std::uint64_t>(Outcome::not_understood)) return std::nullopt;
  Comparison reply;
  reply.outcome = static_cast<Outcome>(outcome);
  reply.how = in.text();
  if (!in.finished()) return std::nullopt;
  return reply;
}

std::optional<std::size_t> frame_length(std::string_view four_bytes) {
  std::size_t length = Reader(four_bytes).number(4);
  if (four_bytes.size() != 4 || length > frame_bytes_max) return std::nullopt;
  return length;
}

}  // namespace tramontane::maths
