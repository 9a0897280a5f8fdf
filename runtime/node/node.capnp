@0x9d2c4be17a60f35d;
# What the process that starts a job and its workers tell each other.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("tramontane::schema");

struct PoolSetup {
  name @0 :Text;
  threads @1 :UInt32;
}

struct PortSetup {
  name @0 :Text;
  actors @1 :List(Text);
}

struct ActorSetup {
  name @0 :Text;
  kind @1 :Text;
  id @2 :UInt64;
  livesBefore @3 :UInt32;
  pool @4 :Text;
  mailboxMessages @5 :UInt32;
  mailboxBytes @6 :UInt64;
  options @7 :Data;          # of the kind's own schema
  asks @8 :List(PortSetup);
}

struct RemoteSetup {
  # An actor of another process.
  id @0 :UInt64;
  name @1 :Text;
  process @2 :UInt32;
  incarnation @3 :UInt32;
}

struct WorkerSetup {
  # What a worker is given when it starts, in a memfd.
  name @0 :Text;
  process @1 :UInt32;        # its number
  folder @2 :Text;           # the job's
  seed @3 :UInt64;
  agent @4 :UInt64;          # ids of actors: whom it reports to,
  self @5 :UInt64;           # and its own, that takes orders
  pools @6 :List(PoolSetup);
  actors @7 :List(ActorSetup);
  remote @8 :List(RemoteSetup);
}

struct Introduction {
  # Goes with a connected socket: who is at the other end.
  process @0 :UInt32;
  peer @1 :Text;             # for people
  actors @2 :List(RemoteSetup);
}

struct ActorEnded @0xd1f3a5c7092b4e68 {
  # The end of a life, told by the worker that it was in.
  actor @0 :UInt64;
  name @1 :Text;
  kind @2 :Text;
  incarnation @3 :UInt32;
  cause @4 :UInt8;
  text @5 :Text;
  code @6 :UInt8;            # 0: none
  doing @7 :Text;
  holding @8 :Text;
  wall @9 :Int64;
  lived @10 :Int64;
  handled @11 :UInt64;
  unread @12 :UInt32;
  lastLines @13 :List(Text);
}

struct Note {
  key @0 :Text;
  value @1 :Text;
}

struct Sender {
  id @0 :UInt64;
  messages @1 :UInt64;
}

struct ActorState {
  id @0 :UInt64;
  name @1 :Text;
  kind @2 :Text;
  pool @3 :Text;
  state @4 :UInt8;
  incarnation @5 :UInt32;
  mailboxMessages @6 :UInt32;
  mailboxLimit @7 :UInt32;
  mailboxBytes @8 :UInt64;
  mailboxBytesLimit @9 :UInt64;
  sendersWaiting @10 :UInt32;
  oldestMessage @11 :Int64;
  handled @12 :UInt64;
  unhandled @13 :UInt64;
  lastHandler @14 :Text;
  busy @15 :Int64;
  busyShare @16 :Float64;
  waitingFor @17 :Text;
  waitedFor @18 :Int64;      # nanoseconds: two processes share no clock
  notes @19 :List(Note);
  senders @20 :List(Sender);
}

struct Count {
  name @0 :Text;
  value @1 :UInt64;
}

struct WorkerStatus @0xd1f3a5c7092b4e69 {
  process @0 :UInt32;
  actors @1 :List(ActorState);
  counters @2 :List(Count);  # since the worker began
  memory @3 :UInt64;         # its peak, bytes
}

struct WorkerLine {
  level @0 :UInt8;
  who @1 :Text;
  text @2 :Text;
}

struct WorkerLines @0xd1f3a5c7092b4e6c {
  # What its actors logged, in order.
  worker @0 :Text;
  lines @1 :List(WorkerLine);
  lost @2 :UInt64;           # for which there was no room
}

struct ActorGone @0xd1f3a5c7092b4e6a {
  id @0 :UInt64;
  why @1 :Text;
}

struct ConnectionLost @0xd1f3a5c7092b4e6d {
  # Told by a worker to the agent: both ends may well live.
  process @0 :UInt32;        # its own
  peer @1 :UInt32;
  why @2 :Text;
}

struct StopWorker @0xd1f3a5c7092b4e6b {
  patience @0 :Int64;        # nanoseconds
}
