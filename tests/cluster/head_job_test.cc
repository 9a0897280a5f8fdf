// A job's record in the head's store: what is written is read, and what is damaged is refused.
#include "actors/cluster/head_job.h"

#include "tests/cluster/cluster_values.h"

#include <limits>
#include <tuple>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

template <class T>
T any(Random& random) {
  switch (random.below(4)) {
    case 0:
      return std::numeric_limits<T>::min();
    case 1:
      return std::numeric_limits<T>::max();
    default:
      return static_cast<T>(random.below(1'000));
  }
}

std::string any_text(Random& random) {
  static const char* const parts[] = {
      "a", "\"", "\\", "\n", "\t", "é", "\U0001F300", "/", "{}", "\x01"};
  std::string text;
  for (std::uint64_t left = random.below(6); left > 0; --left) text += parts[random.below(10)];
  return text;
}

HeadJob any_job(Random& random) {
  HeadJob job = job_of_test(0);
  job.id = any<std::uint64_t>(random);
  job.name = any_text(random);
  job.graph = any_text(random);
  job.run = any_text(random);
  job.priority = any<std::int32_t>(random);
  job.submitted_ms = any<std::int64_t>(random);
  for (std::uint64_t i = random.below(4); i > 0; --i) {
    auto number = static_cast<int>(i);
    job.workers.push_back(generator_of_test(number, 500, 250));
    job.workers.back().work = static_cast<Work>(random.below(3));
    job.workers.back().at_run_directory = random.below(2) == 0;
    job.workers.back().group = str("group ", i);
    SeatOfWorker seat{str("generator/", i), "n" + any_text(random), {}};
    for (std::uint64_t d = random.below(3); d > 0; --d)
      seat.devices.push_back({static_cast<std::uint32_t>(random.below(devices_max)),
          static_cast<std::int32_t>(random.below(1 + whole_gpu_milli))});
    job.seats.push_back(seat);
  }
  for (std::uint64_t i = random.below(3); i > 0; --i)
    job.files.push_back({"/" + any_text(random), any<std::uint64_t>(random),
        std::vector<std::string>(random.below(3), any_text(random))});
  job.state = static_cast<JobState>(random.below(7));
  job.reason = any_text(random);
  job.since_ms = any<std::int64_t>(random);
  job.attempt = any<std::uint32_t>(random);
  job.deaths = any<std::uint32_t>(random);
  job.ended = any<std::uint32_t>(random);
  job.driver_node = any_text(random);
  job.pid = any<int>(random);
  job.exit_code = any<int>(random);
  job.stop_wanted = random.below(2) == 0;
  if (random.below(2) == 0) job.kernels = static_cast<InstructionSet>(random.below(3));
  return job;
}

// Read, or corrupt; anything else is a failure of the test.
bool is_read(const std::string& record) {
  try {
    std::ignore = parse_job_record(record);
    return true;
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::corrupt);
    CHECK(error.text().starts_with("a job of the head's store: "));
    return false;
  }
}

std::string with(const std::string& record, const std::string& from, const std::string& to) {
  std::size_t at = record.find(from);
  REQUIRE(at != std::string::npos);
  return std::string(record).replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("any job is read from its record as it was") {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    Random random(seed);
    HeadJob job = any_job(random);
    INFO("seed ", seed, ": ", job_record(job));
    CHECK(parse_job_record(job_record(job)) == job);
  }
}

TEST_CASE("a reason that is no UTF-8 keeps no head from its store") {
  HeadJob job = job_of_test(1);
  job.reason = "caf\xE9";
  CHECK(parse_job_record(job_record(job)).reason == "caf\xEF\xBF\xBD");
}

TEST_CASE("a record that is cut short, or has a byte changed, is read or corrupt") {
  Random random(1);
  std::string record = job_record(any_job(random));
  for (std::size_t size = 0; size < record.size(); ++size) CHECK(!is_read(record.substr(0, size)));
  int read = 0;
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    Random other(seed);
    std::string changed = job_record(any_job(other));
    for (std::uint64_t n = 1 + other.below(3); n > 0; --n)
      changed[other.below(changed.size())] = static_cast<char>(other.below(256));
    INFO("seed ", seed, ": ", changed);
    read += is_read(changed) ? 1 : 0;
  }
  CHECK(read > 0);
  CHECK(read < 1'500);
}

TEST_CASE("a record whose values are of no job is corrupt") {
  HeadJob job = job_of_test(1, 1'000, 250);
  job.kernels = InstructionSet::avx2;
  job.seats = {{"driver", "a", {{0, 250}}}};
  std::string good = job_record(job);
  CHECK(is_read(good));
  for (const char* bad : {"", "null", "[]", "{}", "7", "\"\"", "{\"id\":1}"}) CHECK(!is_read(bad));
  CHECK(!is_read(with(good, "\"id\":0", "\"id\":-1")));
  CHECK(!is_read(with(good, "\"id\":0", "\"id\":\"0\"")));
  CHECK(!is_read(with(good, "\"id\":0", "\"id\":1e30")));
  CHECK(!is_read(with(good, "\"attempt\":0", "\"attempt\":4294967296")));
  CHECK(!is_read(with(good, "\"attempt\":0", "\"attempt\":-1")));
  CHECK(!is_read(with(good, "\"deaths\":0", "\"deaths\":4294967296")));
  CHECK(!is_read(with(good, "\"pid\":0", "\"pid\":2147483648")));
  CHECK(!is_read(with(good, "\"exit_code\":0", "\"exit_code\":2147483648")));
  CHECK(!is_read(with(good, "\"priority\":0", "\"priority\":2147483648")));
  CHECK(!is_read(with(good, "\"gpu_milli\":250", "\"gpu_milli\":4294967296")));
  CHECK(!is_read(with(good, "\"gpu_milli\":250", "\"gpu_milli\":1500")));
  CHECK(!is_read(with(good, "\"cpu_milli\":1000", "\"cpu_milli\":-1")));
  CHECK(!is_read(with(good, "\"device\":0", "\"device\":4294967296")));
  CHECK(!is_read(with(good, "\"device\":0", "\"device\":1024")));
  CHECK(!is_read(with(good, "\"milli\":250}", "\"milli\":1001}")));
  CHECK(!is_read(with(good, "\"node\":\"a\"", "\"node\":\"\"")));
  CHECK(!is_read(with(good, "\"milli\":250}", "\"milli\":1.5}")));
  CHECK(!is_read(with(good, "\"queued\"", "\"asleep\"")));
  CHECK(!is_read(with(good, "\"generates\"", "\"dreams\"")));
  CHECK(!is_read(with(good, "\"kernels\":1", "\"kernels\":3")));
  CHECK(!is_read(with(good, "\"kernels\":1", "\"kernels\":-1")));
  CHECK(!is_read(with(good, "\"stop_wanted\":false", "\"stop_wanted\":0")));
  CHECK(!is_read(with(good, "\"workers\":[", "\"workers\":[7,")));
  CHECK(!is_read(with(good, "\"seats\":[", "\"seats\":[[],")));
}

TEST_CASE("workers are read as they were written, and nonsense is bad input") {
  HeadJob job = job_of_test(2, 1'500, 500);
  CHECK(parse_workers(workers_text(job.workers)) == job.workers);
  for (const char* bad : {"", "{}", "[7]", "[{}]", "[{\"name\":1}]"}) {
    INFO(std::string(bad));
    try {
      std::ignore = parse_workers(bad);
      FAIL_CHECK("nonsense is read");
    } catch (const Error& error) {
      CHECK(error.errc() == Errc::bad_input);
    }
  }
}

TEST_CASE("a job's request has its groups in the order of their first workers") {
  HeadJob job = job_of_test(3, 1'500, 500);
  job.id = 7;
  job.kernels = InstructionSet::avx2;
  JobRequest request = request_of(job, NodeId{5});
  CHECK(request.id == 7);
  CHECK(request.run_node == NodeId{5});
  CHECK(request.kernels == InstructionSet::avx2);
  REQUIRE(request.groups.size() == 2);
  CHECK(request.groups[0].name == "driver");
  CHECK(request.groups[0].at_run_directory);
  CHECK(request.groups[1].count == 3);
  CHECK(request.groups[1].work == Work::generates);
  CHECK(request.groups[1].need == Need{1'500, gib, 500});
  check(request);
}
