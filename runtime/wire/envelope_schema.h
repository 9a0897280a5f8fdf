#pragma once
// An Envelope as a part of a larger Cap'n Proto struct. For .cc files only, like capnp_codec.h.

#include "runtime/base/clock.h"
#include "runtime/wire/blob.h"
#include "runtime/wire/envelope.capnp.h"
#include "runtime/wire/envelope.h"

#include <memory>
#include <vector>

namespace tramontane {

// Throws what encoding the message throws: Error(unsupported) for one that stays in its process.
void write_envelope(const Envelope& envelope, Time now, schema::Envelope::Builder out);

// Error(bad_input), kj::Exception: what is no envelope. `blobs` become the message's.
std::unique_ptr<Envelope> read_envelope(
    schema::Envelope::Reader in, Time now, std::vector<Blob> blobs = {});

}  // namespace tramontane
