@0xe1c7a45b9d20f386;
# How two processes of one cluster make themselves known over TCP before a session begins: each step
# is one frame (runtime/wire/frame.h). The one that connected says 8 bytes ("TRAMONT\n") first.
#
#   connected                           accepted
#   greeting                        →
#                                   ←   greeting with proof     or a refusal
#   proof                           →
#                                   ←   welcome                 or a refusal
#
# A proof is HMAC-SHA256, with the cluster's token as its key, over a label that names the side, the
# bytes of both greetings, which hold the nonces, and what binds it to the TLS that it is within
# (runtime/link/opening.h; nothing, in clear). The token itself never travels.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("tramontane::schema");

struct HandshakeStep {
  union {
    greeting @0 :Data;   # an encoded Greeting
    proof @1 :Data;
    welcome @2 :Void;
    refusal @3 :Text;    # why, for people
  }
  proofOfGreeting @4 :Data;  # with the greeting of the side that accepted
}

struct Greeting {
  protocol @0 :UInt32;   # stays first, whatever else changes
  build @1 :Text;
  cluster @2 :Text;      # tells tokens apart, and gives nothing of them away
  nonce @3 :Data;        # 32 bytes
  role @4 :Text;         # "head", "node", "client", …
  process @5 :UInt32;    # its number; 0: it has none
  actor @6 :UInt64;      # whom to talk to there
  name @7 :Text;         # for people
  address @8 :Text;      # where others reach it; empty: nowhere
  purpose @9 :Data;      # what the connection is for, as the role says
}
