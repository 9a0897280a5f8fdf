@0xb7a0c4ee2d9f1a31;
# What a configuration schema says of itself beyond its fields. `tram help job` prints it.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("tramontane::config");

annotation doc @0xd9d1b0f0a6c3e512 (field, enumerant, struct) :Text;
# One sentence: meaning and unit.

annotation least @0xc35b1cf2e1c0a8f4 (field) :Float64;
annotation most @0xf2f7b8c3a5d4e6b1 (field) :Float64;
# Inclusive bounds of a number; outside is an error with line and column.
