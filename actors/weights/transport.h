#pragma once
// A weight transport moves one version of the weights from the trainer's side to the generators'
// side. Bytes never pass through mailboxes: messages only say which version is there.
//
//   WeightLink link = local_transport();            // one process: a pointer changes hands
//   link.sender->publish(arena);                    // trainer's side; the arena is sealed
//   auto receiver = link.receiver();                // generators' side: each has its own
//   auto arena = receiver->fetch(version, …);       // verified
//
// The receiver always checks the fingerprint of what arrived against the one that was announced;
// a transfer that fails or differs leaves nothing behind and says so by name.
//
// One file per transport; choose.cc is the one place that picks. Thread rule: the sender and each
// receiver may be used from different threads, each from one at a time; a link from any.

#include "actors/messages/types.h"
#include "actors/model/arena.h"
#include "runtime/base/result.h"

#include <functional>
#include <memory>
#include <string>

namespace tramontane {

class WeightSender {
 public:
  virtual ~WeightSender() = default;

  // Makes this version available; an older one may be forgotten once it is not being fetched.
  virtual void publish(std::shared_ptr<const Arena> arena) = 0;
};

class WeightReceiver {
 public:
  virtual ~WeightReceiver() = default;

  // The arena of that version, whole and verified against `announced`. Throws Error(not_found) if
  // the version is gone, Error(corrupt) naming both fingerprints if they differ.
  virtual std::shared_ptr<const Arena> fetch(Version version, Fingerprint announced) = 0;
};

struct WeightLink {
  std::string name;  // as in the job graph: "local"
  std::shared_ptr<WeightSender> sender;
  // Another receiver of what that sender publishes, which lives as long as it is needed.
  std::function<std::unique_ptr<WeightReceiver>()> receiver;
};

// Same process: a receiver is given the sender's arena itself, and hashes it once more.
WeightLink local_transport();

// The transport for a job graph's `broadcaster.transport`. Error(bad_input) for an unknown name.
WeightLink choose_transport(const std::string& name);

}  // namespace tramontane
