#include "runtime/base/result.h"

namespace tramontane {
namespace {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"  // Boost's base has none, by design

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tramontane"; }

  std::string message(int value) const override {
    return tramontane::name(static_cast<Errc>(value));
  }
};

#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

boost::system::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), error_category()};
}

const char* name(Errc code) noexcept {
  switch (code) {
    case Errc::not_found:
      return "not_found";
    case Errc::closed:
      return "closed";
    case Errc::full:
      return "full";
    case Errc::stale:
      return "stale";
    case Errc::timeout:
      return "timeout";
    case Errc::refused:
      return "refused";
    case Errc::failed:
      return "failed";
    case Errc::undeliverable:
      return "undeliverable";
    case Errc::bad_input:
      return "bad_input";
    case Errc::corrupt:
      return "corrupt";
    case Errc::io:
      return "io";
    case Errc::unsupported:
      return "unsupported";
    case Errc::cancelled:
      return "cancelled";
    case Errc::unknown:
      return "unknown";
  }
  return "?";
}

Error::Error(Errc code, std::string text)
    : system_error(make_error_code(code)), errc_(code), text_(std::move(text)) {}

void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw Error(failure.code, failure.text.empty() ? name(failure.code) : failure.text);
}

std::ostream& operator<<(std::ostream& out, const Failure& failure) {
  return out << name(failure.code) << ": " << failure.text;
}

std::ostream& operator<<(std::ostream& out, const Answer<void>& answer) {
  return answer ? out << "ok" : out << answer.error();
}

}  // namespace tramontane
