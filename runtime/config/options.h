#pragma once
// The options of something whose schema its owner knows and nobody else: an actor's kind has them.
//
//   OptionsSchema schema = OptionsSchema::of<schema::WordCounter>();     // in a .cc file
//   Bytes bytes = config.decode_raw("actors.counter.options", schema.schema());
//   …
//   ReadOptions<schema::WordCounter> options(context.actor.options);     // in the actor's factory
//   options->getMinimum();
//
// Bytes that are empty are all defaults.

#include "runtime/base/bytes.h"
#include "runtime/base/result.h"

#include <capnp/message.h>
#include <capnp/schema.h>
#include <capnp/serialize.h>
#include <kj/array.h>
#include <kj/exception.h>

#include <cstring>
#include <optional>
#include <string>

namespace tramontane {

class OptionsSchema {
 public:
  OptionsSchema() = default;  // no options

  template <class T>
  static OptionsSchema of() {
    OptionsSchema made;
    made.schema_ = capnp::Schema::from<T>();
    return made;
  }

  explicit operator bool() const { return schema_.has_value(); }

  capnp::StructSchema schema() const { return schema_.value(); }

  // Every option with its type, default and meaning, as YAML; empty where there are none.
  std::string described() const;

 private:
  std::optional<capnp::StructSchema> schema_;
};

// Decoded options. Error(bad_input) for bytes that are none.
template <class T>
class ReadOptions {
 public:
  explicit ReadOptions(ByteView bytes) {
    if (bytes.empty()) {
      reader_ = defaults_.getRoot<T>().asReader();
      return;
    }
    words_ = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
    std::memcpy(words_.begin(), bytes.data(), words_.size() * sizeof(capnp::word));
    try {
      message_.emplace(words_.asPtr());
      reader_ = message_->template getRoot<T>();
    } catch (const kj::Exception&) {
      throw Error(Errc::bad_input, "bytes that are no options");
    }
  }

  ReadOptions(const ReadOptions&) = delete;
  ReadOptions& operator=(const ReadOptions&) = delete;

  const typename T::Reader* operator->() const { return &reader_; }

 private:
  capnp::MallocMessageBuilder defaults_;
  kj::Array<capnp::word> words_;
  std::optional<capnp::FlatArrayMessageReader> message_;
  typename T::Reader reader_;
};

}  // namespace tramontane
