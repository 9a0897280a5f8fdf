#pragma once
// What a config.json says of single layers: which of them see a sliding window alone, and which are
// without a rotary embedding (SmolLM3's no_rope_layers; NoPE, Kazemnejad et al. 2023).
//
//   read_layers(fields, architecture, c);    // sets c.window, c.full_layers, c.unturned_layers
//
// Where transformers passes over a key that says otherwise than the others, or fails at it, the
// file is refused by name: Error(unsupported) or Error(bad_input).

#include "actors/model/config_keys.h"
#include "actors/model/model_config.h"

namespace tramontane {

void read_layers(const ConfigFields& fields, const Architecture& architecture, ModelConfig& c);

// Error(unsupported) if the architecture has no words for such layers.
void write_layers(
    const ModelConfig& c, const Architecture& architecture, boost::json::object& object);

}  // namespace tramontane
