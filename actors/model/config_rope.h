#pragma once
// What a config.json says of the rotary embedding: rope_theta and rope_scaling, as transformers
// wrote them until 4.57, or rope_parameters, as 5.x does, or any mixture that says one thing.
//
//   read_rope(fields, architecture, c);       // sets c.rope_theta, c.rope; c.context is read
//   before
//
// Kinds, keys of a kind and values that rope.h has no formula for are refused by name:
// Error(unsupported). longrope is one: its frequencies follow the length that a sequence has
// reached, so that cached keys would depend on how it got there.

#include "actors/model/config_keys.h"
#include "actors/model/model_config.h"

namespace tramontane {

void read_rope(const ConfigFields& fields, const Architecture& architecture, ModelConfig& c);

// In the older spelling, which all versions read.
void write_rope(const ModelConfig& c, boost::json::object& object);

}  // namespace tramontane
