@0xc8d1e7f2a3b04596;
# A message on its way between two processes, in a frame of their session (runtime/link/link.capnp).
#
# A call is answered by at most one envelope with the same `call` and `isReply`. Deadlines travel as
# the time that is left, as two hosts share no clock.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("tramontane::schema");

struct Envelope @0xa6b3d0c4e5f71829 {
  target @0 :UInt64;        # actor: node in the upper 16 bits
  incarnation @1 :UInt32;   # of the target; 0: any
  source @2 :UInt64;        # 0: nobody
  call @3 :UInt64;          # the caller's ticket; 0: one-way
  type @4 :UInt64;          # id of the payload's struct; 0: none
  timeLeft @5 :Int64 = -1;  # nanoseconds until the deadline; -1: none, as of a reply
  isReply @6 :Bool;
  failed @7 :UInt16;        # a reply that is a failure: its Errc
  failure @8 :Text;         # and its text
  payload @9 :Data;         # bytes of the message
}
