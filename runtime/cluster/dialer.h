#pragma once
// A Dialer connects to other processes of the cluster for an actor that must not stand still: it is
// asked by a message, and answers by one. It is on a pool of its own, where it may block.
//
// Messages: PleaseDial (from an actor of the same process), answered by HasDialed.

#include "runtime/actor/actor.h"
#include "runtime/base/home.h"
#include "runtime/link/dial.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace tramontane {

struct PleaseDial {
  std::uint64_t request = 0;  // the asker's number of it
  std::string address;
  Greeting own;
};

struct HasDialed {
  std::uint64_t request = 0;
  std::shared_ptr<Dialed> dialed;  // null: why not
  std::string why;
};

template <>
struct Codec<PleaseDial> : LocalCodec<PleaseDial> {};

template <>
struct Codec<HasDialed> : LocalCodec<HasDialed> {};

class Dialer final : public Actor {
 public:
  Dialer(AccessToken token, Duration patience, Encryption encryption)
      : token_(token), patience_(patience), encryption_(encryption) {
    handle(&Dialer::dial_one);
  }

 private:
  Task<void> dial_one(PleaseDial request);

  const AccessToken token_;
  const Duration patience_;
  const Encryption encryption_;
};

}  // namespace tramontane
