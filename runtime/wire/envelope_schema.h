#pragma once
// An Envelope as a part of a larger Cap'n Proto struct. For .cc files only, like capnp_codec.h.

#include "runtime/base/bytes.h"
#include "runtime/base/clock.h"
#include "runtime/wire/blob.h"
#include "runtime/wire/envelope.capnp.h"
#include "runtime/wire/envelope.h"

#include <memory>
#include <vector>

namespace tramontane {

// The bytes of its message, none for a failure. Throws what encoding the message throws:
// Error(unsupported) for one that stays in its process.
Bytes payload_of(const Envelope& envelope);

void write_envelope(
    const Envelope& envelope, ByteView payload, Time now, schema::Envelope::Builder out);

// Error(bad_input), kj::Exception: what is no envelope. `blobs` become the message's.
std::unique_ptr<Envelope> read_envelope(
    schema::Envelope::Reader in, Time now, std::vector<Blob> blobs = {});

}  // namespace tramontane
