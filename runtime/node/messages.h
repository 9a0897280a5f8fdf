#pragma once
// What the process that starts a job and its workers tell each other (node.capnp). ActorEnded,
// WorkerStatus, WorkerLines, ConnectionLost, ActorGone and StopWorker are messages between two
// actors, the agent and one in each worker; a WorkerSetup is read by a worker when it starts, an
// Introduction comes with a socket.

#include "runtime/actor/actor_status.h"
#include "runtime/actor/exit_record.h"
#include "runtime/base/bytes.h"
#include "runtime/base/log.h"
#include "runtime/base/result.h"
#include "runtime/link/remote_actors.h"
#include "runtime/node/kind.h"
#include "runtime/wire/message.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tramontane {

struct WorkerSetup {
  std::string name;
  ProcessId process = 0;
  std::string folder;
  std::uint64_t seed = 0;
  ActorId agent = 0;
  ActorId self = 0;
  Graph graph;  // its own pools and actors
  std::map<std::string, ActorNumber> numbers;
  std::vector<RemoteActor> remote;
};

Bytes encode_setup(const WorkerSetup& setup);
Result<WorkerSetup> decode_setup(ByteView bytes);

struct Introduction {
  ProcessId process = 0;
  std::string peer;
  std::vector<RemoteActor> actors;
};

Bytes encode_introduction(const Introduction& introduction);
Result<Introduction> decode_introduction(ByteView bytes);

struct ActorEnded {
  ExitRecord record;
};

struct WorkerStatus {
  ProcessId process = 0;
  std::vector<ActorStatus> actors;
  std::map<std::string, std::uint64_t> counters;
  std::uint64_t memory = 0;
};

struct WorkerLine {
  Level level = Level::info;
  std::string who;
  std::string text;
};

struct WorkerLines {
  using Reply = void;
  std::string worker;
  std::vector<WorkerLine> lines;
  std::uint64_t lost = 0;  // for which there was no room
};

struct ActorGone {
  ActorId id = 0;
  std::string why;
};

// Between two processes of the job, of which one is the agent's (0) or both are workers.
struct ConnectionLost {
  ProcessId process = 0;  // that tells
  ProcessId peer = 0;
  std::string why;
};

struct StopWorker {
  Duration patience{};
};

#define TRAM_NODE_CODEC(M, type_id)              \
  template <>                                    \
  struct Codec<M> {                              \
    static constexpr std::uint64_t id = type_id; \
    static constexpr const char* name = #M;      \
    static Bytes encode(const M& message);       \
    static Result<M> decode(ByteView bytes);     \
    static std::size_t size(const M& message);   \
  }

TRAM_NODE_CODEC(ActorEnded, 0xd1f3a5c7092b4e68);
TRAM_NODE_CODEC(WorkerStatus, 0xd1f3a5c7092b4e69);
TRAM_NODE_CODEC(ActorGone, 0xd1f3a5c7092b4e6a);
TRAM_NODE_CODEC(StopWorker, 0xd1f3a5c7092b4e6b);
TRAM_NODE_CODEC(WorkerLines, 0xd1f3a5c7092b4e6c);
TRAM_NODE_CODEC(ConnectionLost, 0xd1f3a5c7092b4e6d);

#undef TRAM_NODE_CODEC

}  // namespace tramontane
