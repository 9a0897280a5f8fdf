@0xd5b7a9e3c1f04268;
# What two processes say to each other: each frame (runtime/wire/frame.h) of a session is one Frame.
#
# Both say hello first, then anything in any order. Descriptors travel beside the frame that says how
# many are its own; over a link that carries none, their bytes come before it, in chunks.

using Cxx = import "/capnp/c++.capnp";
using Wire = import "/runtime/wire/envelope.capnp";
$Cxx.namespace("tramontane::schema");

struct Frame {
  union {
    hello @0 :Hello;
    envelope @1 :Wire.Envelope;  # `call` is the session's number of it
    credit @2 :List(Credit);
    bye @3 :Text;                # why whoever says it ends the session
    beat @5 :Void;               # whoever says it is alive
    abandoned @6 :Abandoned;     # a call of whoever says it, whose answer nobody waits for any more
    chunk @7 :Chunk;
  }
  blobs @4 :UInt16;  # descriptors that belong to it, in order
}

struct Hello {
  protocol @0 :UInt32;  # stays first, whatever else changes
  build @1 :Text;
  own @2 :UInt32;       # number of the process that says hello
  peer @3 :UInt32;      # and of the one that it takes the other for
  messages @4 :UInt32;  # the window for each of its actors
  bytes @5 :UInt64;
}

struct Abandoned {
  target @0 :UInt64;
  call @1 :UInt64;
}

struct Chunk {
  # The next bytes of a blob, up to all of them, which follow behind this frame as they are. They
  # belong to the next frame that has blobs.
  size @0 :UInt64;    # of the blob
  length @1 :UInt32;  # how many follow
  check @2 :UInt64;   # XXH3-64 of those
}

struct Credit {
  # One-way messages to this actor that its mailbox has taken, in their order.
  target @0 :UInt64;
  messages @1 :UInt32;
}
