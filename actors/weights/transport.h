#pragma once
// A weight transport moves one version of the weights from the trainer's side to the generators'
// side. Bytes never pass through mailboxes: messages say which version is there, and carry what its
// receivers need beside that.
//
//   WeightLink link = choose_transport("auto", false);
//   auto arena = link.sender->make_arena(manifest);          // trainer's side
//   …  arena->seal(version);
//   Blob weights = link.sender->publish(arena);              // travels in Publish, Offer, Evaluate
//   auto receiver = link.receiver(manifest);                 // generators' side: each has its own
//   auto arena = receiver->fetch(version, announced, weights);       // verified
//
// The receiver always checks the fingerprint of what arrived against the one that was announced;
// a transfer that fails or differs leaves nothing behind and says so by name.
//
//   local   one process: a pointer changes hands. No blob
//   shm     processes of one host: the blob is the arena, in shared memory that nobody can write
//
// One file per transport; choose.cc is the one place that picks. Thread rule: the sender and each
// receiver may be used from different threads, each from one at a time; a link from any.

#include "actors/messages/types.h"
#include "actors/model/arena.h"
#include "runtime/base/result.h"
#include "runtime/wire/blob.h"

#include <functional>
#include <memory>
#include <string>

namespace tramontane {

class WeightSender {
 public:
  virtual ~WeightSender() = default;

  // Where the next version is to be written, to be published from there. Error(io).
  virtual std::shared_ptr<Arena> make_arena(std::shared_ptr<const Manifest> manifest) {
    return std::make_shared<Arena>(std::move(manifest));
  }

  // Makes this version, which is sealed, available; an older one may be forgotten once it is not
  // being fetched. The blob, where there is one, keeps the version by itself.
  virtual Blob publish(std::shared_ptr<const Arena> arena) = 0;
};

class WeightReceiver {
 public:
  virtual ~WeightReceiver() = default;

  // The arena of that version, whole and verified against `announced`. `weights` came with its
  // announcement. Throws Error(not_found) if the version is gone, Error(corrupt) naming both
  // fingerprints, or sizes, if they differ.
  virtual std::shared_ptr<const Arena> fetch(
      Version version, Fingerprint announced, const Blob& weights) = 0;
};

struct WeightLink {
  std::string name;  // as in the job graph: "local"
  std::shared_ptr<WeightSender> sender;
  // Another receiver of what that sender publishes, of arenas with this manifest. It lives as long
  // as it is needed.
  std::function<std::unique_ptr<WeightReceiver>(std::shared_ptr<const Manifest>)> receiver;
};

// Same process: a receiver is given the sender's arena itself, and hashes it once more.
WeightLink local_transport();

// One host: a receiver opens its arena over the sender's memory, and hashes it once more. Links of
// several processes have nothing in common but the blobs.
WeightLink shm_transport();

// The transport for a job graph's `broadcaster.transport`; `processes`: the receivers are in other
// processes than the sender. Error(bad_input) for an unknown name, or one that does not reach
// there.
WeightLink choose_transport(const std::string& name, bool processes = false);

}  // namespace tramontane
