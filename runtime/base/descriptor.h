#pragma once
// A Descriptor owns a file descriptor: closed when it goes.

#include <unistd.h>
#include <utility>

namespace tramontane {

class Descriptor {
 public:
  Descriptor() = default;

  explicit Descriptor(int value) : value_(value) {}

  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}

  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() { close(); }

  int get() const { return value_; }

  // It is the caller's to close.
  int release() { return std::exchange(value_, -1); }

  explicit operator bool() const { return value_ >= 0; }

  void close() {
    if (value_ >= 0) ::close(value_);
    value_ = -1;
  }

 private:
  int value_ = -1;
};

}  // namespace tramontane
