#pragma once
// A Message is a value that one actor gives another: moved inside a process, bytes between
// processes. A struct is a message once a line says so:
//
//   struct Hello {
//     using Reply = Greeting;      // what an ask gives; without it, or void: nothing
//     std::string who;
//   };
//
//   template <>
//   struct Codec<Hello> : LocalCodec<Hello> {};         // it stays in its process
//
// One that travels has a codec, which runtime/wire/capnp_codec.h writes over a schema in a few
// lines:
//
//   template <>
//   struct Codec<LeaseTasks> {
//     static constexpr std::uint64_t id = 0xd3a1…;      // the Cap'n Proto struct's id
//     static constexpr const char* name = "LeaseTasks";
//     static Bytes encode(const LeaseTasks& message);
//     static Result<LeaseTasks> decode(ByteView bytes);  // bad bytes: Errc::bad_input
//     static std::size_t size(const LeaseTasks& message);  // about how many bytes, for credit
//   };
//
// One with blobs (runtime/wire/blob.h) leaves them out of its bytes, and its Codec has two more:
//
//     static std::vector<Blob> blobs(const Offer& message);               // in a fixed order
//     static bool attach(Offer& message, std::vector<Blob> blobs);        // false: not as many

#include "runtime/base/bytes.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "runtime/wire/blob.h"
#include "runtime/wire/message_type.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace tramontane {

template <class M>
struct Codec;

class Message;

namespace detail {

// What a Message needs to know of the type it holds.
struct MessageType {
  std::uint64_t id;
  const char* name;
  const std::type_info* type;  // ids of local messages come from names, which are not unique
  std::size_t size;
  bool local;                                             // cannot be encoded
  bool fits;                                              // in the message's own storage
  void (*relocate)(void* source, void* target) noexcept;  // into other inline storage
  void (*destroy)(void* value) noexcept;                  // or delete, if it did not fit
  Bytes (*encode)(const void* value);
  std::size_t (*bytes)(const void* value);
  Message (*copy)(const void* value);
  std::vector<Blob> (*blobs)(const void* value);
};

template <class M>
struct FindReply {
  using type = void;
};

template <class M>
requires requires {
  typename M::Reply;
}

struct FindReply<M> {
  using type = typename M::Reply;
};

}  // namespace detail

// The type of the reply to M; void if there is none.
template <class M>
using ReplyOf = typename detail::FindReply<M>::type;

// Codec of a message that stays in its process: id and name are the type's, its size counts what
// its members hold.
template <class M>
struct LocalCodec {
  static constexpr std::uint64_t id = detail::type_id<M>();
  static constexpr const char* name = detail::TypeName<M>::text.data();
  static constexpr bool local = true;

  static std::size_t size(const M& message) { return sizeof(M) + detail::bytes_beyond(message); }
};

class Message {
 public:
  static constexpr std::size_t inline_bytes = 104;

  Message() = default;  // nothing: the reply to a message without one

  Message(Message&& other) noexcept { steal(other); }

  Message& operator=(Message&& other) noexcept;

  ~Message() { clear(); }

  // Holds `value` itself.
  template <class M>
  requires requires { Codec<std::remove_cvref_t<M>>::id; }
  explicit Message(M&& value);

  // Holds the bytes of a message of that type, and its blobs, as they came from another process.
  static Message from_bytes(
      std::uint64_t id, const char* name, Bytes bytes, std::vector<Blob> blobs = {});

  bool empty() const { return id_ == 0; }

  std::uint64_t id() const { return id_; }

  const char* name() const { return name_; }

  // About how much memory it takes, for credit.
  std::size_t bytes() const;

  // Moves the value out, decoding it first if need be. bad_input if it holds another type, or
  // bytes that make no sense. The message is empty afterwards.
  template <class M>
  Result<M> take();

  // Its bytes; Error(unsupported) for a local message.
  Bytes encode() const;

  // What travels beside its bytes.
  std::vector<Blob> blobs() const;

  bool local() const { return type_ != nullptr && type_->local; }

  // An equal message: a copy of the value or bytes. Error(unsupported) if it cannot be copied.
  Message copy() const;

 private:
  void clear() noexcept;
  void steal(Message& other) noexcept;

  void* value() const { return type_->fits ? const_cast<std::byte*>(storage_) : heap_; }

  const detail::MessageType* type_ = nullptr;  // of the value held; none: encoded_, or nothing
  std::uint64_t id_ = 0;
  const char* name_ = "nothing";

  union {
    alignas(16) std::byte storage_[inline_bytes];
    void* heap_;
  };

  struct Encoded {
    Bytes bytes;
    std::vector<Blob> blobs;
  };

  std::unique_ptr<Encoded> encoded_;
};

// ---- implementation -------------------------------------------------------------------------

namespace detail {

template <class M>
concept LocalMessage = requires {
  { Codec<M>::local } -> std::convertible_to<bool>;
}

&&Codec<M>::local;

[[noreturn]] void refuse_encoding(const char* name);
[[noreturn]] void refuse_copy(const char* name);

template <class M>
concept HasBlobs = requires(const M& message) {
  Codec<M>::blobs(message);
};

template <class M>
struct Describe {
  static_assert(std::is_same_v<M, std::remove_cvref_t<M>>);
  static_assert(std::is_nothrow_move_constructible_v<M>, "a message must move without throwing");
  static constexpr bool fits = sizeof(M) <= Message::inline_bytes && alignof(M) <= 16;

  static void relocate(void* source, void* target) noexcept {
    M* from = static_cast<M*>(source);
    new (target) M(std::move(*from));
    from->~M();
  }

  static void destroy(void* value) noexcept {
    if constexpr (fits) {
      static_cast<M*>(value)->~M();
    } else {
      std::unique_ptr<M>(static_cast<M*>(value)).reset();
    }
  }

  static Bytes encode(const void* value) {
    if constexpr (LocalMessage<M>) {
      refuse_encoding(Codec<M>::name);
    } else {
      return Codec<M>::encode(*static_cast<const M*>(value));
    }
  }

  static std::size_t bytes(const void* value) {
    return Codec<M>::size(*static_cast<const M*>(value));
  }

  static Message copy(const void* value) {
    if constexpr (std::is_copy_constructible_v<M>) {
      return Message(M(*static_cast<const M*>(value)));
    } else if constexpr (LocalMessage<M>) {
      refuse_copy(Codec<M>::name);
    } else {
      return Message::from_bytes(Codec<M>::id, Codec<M>::name, encode(value), blobs(value));
    }
  }

  static std::vector<Blob> blobs(const void* value) {
    if constexpr (HasBlobs<M>) {
      return Codec<M>::blobs(*static_cast<const M*>(value));
    } else {
      return {};
    }
  }
};

template <class M>
inline constexpr MessageType message_type = {Codec<M>::id, Codec<M>::name, &typeid(M), sizeof(M),
    LocalMessage<M>, Describe<M>::fits, Describe<M>::relocate, Describe<M>::destroy,
    Describe<M>::encode, Describe<M>::bytes, Describe<M>::copy, Describe<M>::blobs};

}  // namespace detail

template <class M>
requires requires {
  Codec<std::remove_cvref_t<M>>::id;
}

Message::Message(M&& value)
    : type_(&detail::message_type<std::remove_cvref_t<M>>), id_(type_->id), name_(type_->name) {
  using Value = std::remove_cvref_t<M>;
  static_assert(Codec<Value>::id != 0, "0 is no type id");
  if constexpr (detail::Describe<Value>::fits) {
    new (storage_) Value(std::forward<M>(value));
  } else {
    heap_ = std::make_unique<Value>(std::forward<M>(value)).release();
  }
}

template <class M>
Result<M> Message::take() {
  if (id_ != Codec<M>::id) return make_error_code(Errc::bad_input);
  if (type_ != nullptr) {
    if (*type_->type != typeid(M)) return make_error_code(Errc::bad_input);
    Result<M> result(std::move(*static_cast<M*>(value())));
    clear();
    return result;
  }
  if constexpr (detail::LocalMessage<M>) {
    return make_error_code(Errc::bad_input);
  } else {
    Result<M> result = Codec<M>::decode(encoded_->bytes);
    if constexpr (detail::HasBlobs<M>) {
      if (result && !Codec<M>::attach(*result, std::move(encoded_->blobs)))
        result = make_error_code(Errc::bad_input);
    } else if (!encoded_->blobs.empty()) {
      result = make_error_code(Errc::bad_input);
    }
    clear();
    return result;
  }
}

}  // namespace tramontane
