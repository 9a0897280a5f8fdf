#include "runtime/wire/message.h"

namespace tramontane {
namespace detail {

void refuse_encoding(const char* name) {
  throw Error(Errc::unsupported,
      str(name, " cannot leave its process; give it a Codec, or keep both actors in one process"));
}

void refuse_copy(const char* name) {
  throw Error(Errc::unsupported, str(name, " can be neither copied nor encoded"));
}

}  // namespace detail

Message& Message::operator=(Message&& other) noexcept {
  if (this != &other) {
    clear();
    steal(other);
  }
  return *this;
}

void Message::steal(Message& other) noexcept {
  type_ = std::exchange(other.type_, nullptr);
  id_ = std::exchange(other.id_, 0);
  name_ = std::exchange(other.name_, "nothing");
  bytes_ = std::move(other.bytes_);
  if (type_ == nullptr) return;
  if (type_->fits) {
    type_->relocate(other.storage_, storage_);
  } else {
    heap_ = other.heap_;
  }
}

void Message::clear() noexcept {
  if (type_ != nullptr) type_->destroy(value());
  type_ = nullptr;
  id_ = 0;
  name_ = "nothing";
  bytes_.reset();
}

Message Message::from_bytes(std::uint64_t id, const char* name, Bytes bytes) {
  Message message;
  message.id_ = id;
  message.name_ = name;
  message.bytes_ = std::make_unique<Bytes>(std::move(bytes));
  return message;
}

std::size_t Message::bytes() const {
  if (type_ != nullptr) return type_->bytes(value());
  return bytes_ ? bytes_->size() : 0;
}

Bytes Message::encode() const {
  if (type_ != nullptr) return type_->encode(value());
  return bytes_ ? *bytes_ : Bytes();
}

Message Message::copy() const {
  if (type_ != nullptr) return type_->copy(value());
  return bytes_ ? from_bytes(id_, name_, *bytes_) : Message();
}

}  // namespace tramontane
