@0xb7a0c4ee2d9f1a31;
# What a configuration schema says of itself beyond its fields. `tram job` prints it.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("tramontane::config");

annotation doc @0xd9d1b0f0a6c3e512 (field, enumerant, struct) :Text;
# One sentence: meaning and unit. A {word} that who prints it knows is replaced, like {rewards}.

annotation least @0xc35b1cf2e1c0a8f4 (field) :Float64;
annotation most @0xf2f7b8c3a5d4e6b1 (field) :Float64;
# Inclusive bounds of a number; outside is an error with line and column.

annotation raw @0xcf6d2a9b04e1875c (field) :Text;
# Of a field of text: what stands below the key is kept as it is, to be decoded by a schema that is
# known only later. The value says whose: "the options of the actor's kind".

annotation file @0xd41c6e0b97a2f583 (field) :Void;
# Of a field of text, or of a list of texts: the name of a file. A relative one is taken from the
# folder of the file that gives it, and is absolute once it is decoded.

annotation commas @0xe6b5d2f813c09a47 (field) :Void;
# Of a list of texts: it may also be written as one text, with commas between the elements.

annotation kinds @0xe1a6b9c24f7d3085 (field) :Text;
# In a struct that has a `name` and perhaps a `kind` (else the name is one): the field belongs to
# these kinds alone, given as words. None: to every kind that no field names.
