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
  encoded_ = std::move(other.encoded_);
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
  encoded_.reset();
}

Message Message::from_bytes(
    std::uint64_t id, const char* name, Bytes bytes, std::vector<Blob> blobs) {
  Message message;
  message.id_ = id;
  message.name_ = name;
  message.encoded_ = std::make_unique<Encoded>(Encoded{std::move(bytes), std::move(blobs)});
  return message;
}

std::size_t Message::bytes() const {
  if (type_ != nullptr) return type_->bytes(value());
  return encoded_ ? encoded_->bytes.size() : 0;
}

Bytes Message::encode() const {
  if (type_ != nullptr) return type_->encode(value());
  return encoded_ ? encoded_->bytes : Bytes();
}

std::vector<Blob> Message::blobs() const {
  if (type_ != nullptr) return type_->blobs(value());
  return encoded_ ? encoded_->blobs : std::vector<Blob>();
}

Message Message::copy() const {
  if (type_ != nullptr) return type_->copy(value());
  return encoded_ ? from_bytes(id_, name_, encoded_->bytes, encoded_->blobs) : Message();
}

}  // namespace tramontane
