// Which nodes are asked for a job's files, and what becomes of a job whose files are not there.
#include "actors/cluster/head_answers.h"
#include "actors/cluster/head_state.h"
#include "runtime/base/json_text.h"
#include "tests/cluster/cluster_values.h"

#include <boost/json/parse.hpp>

#include <map>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// A driver on a, generators on b and c, and files: one for all, one for the driver alone.
struct Head {
  Head() {
    state.joined(near_node("a", 101, 1), now);
    state.joined(far_node("b", 102, 1), now);
    state.joined(far_node("c", 103, 1), now);
    HeadJob job = job_of_test(2, 1'000);
    job.files = {{"/data/model", 5, {}}, {"/data/prompts", 7, {"driver", "trainer"}}};
    state.submit(job, now);
    REQUIRE(state.decide(now).size() == 1);
  }

  std::map<std::string, std::vector<FileCheck>> checks() const {
    std::map<std::string, std::vector<FileCheck>> all;
    for (const auto& check : state.file_checks(1)) all[check.node] = check.files.files;
    return all;
  }

  std::int64_t now = 1'000'000;
  HeadState state{rules_of_test(), {}, now};
};

}  // namespace

TEST_CASE("each node is asked for what its workers read") {
  Head head;
  auto checks = head.checks();
  FileCheck model{"/data/model", 5};
  FileCheck prompts{"/data/prompts", 7};
  CHECK(checks.size() == 3);
  CHECK(checks["a"] == std::vector<FileCheck>{model, prompts});
  CHECK(checks["b"] == std::vector<FileCheck>{model});
  CHECK(checks["c"] == std::vector<FileCheck>{model});
  CHECK(head.state.file_checks(2).empty());
}

TEST_CASE("a job whose files are not there has failed, and its seats are free") {
  Head head;
  head.state.files_missing(1, 2, "of another attempt", head.now);
  CHECK(head.state.jobs().at(1).state == JobState::placing);
  head.state.files_missing(1, 1, "node b: /data/model: No such file or directory", head.now);
  const HeadJob& job = head.state.jobs().at(1);
  CHECK(job.state == JobState::failed);
  CHECK(job.exit_code == 3);
  CHECK(job.reason == "node b: /data/model: No such file or directory");
  CHECK(job.seats.empty());
  head.state.disconnected(101, head.now);
  CHECK(head.state.removable(1, false).id == 1);  // nobody was started
}

TEST_CASE("files of a submission that make no sense are refused") {
  HeadState state(rules_of_test(), {}, 1'000);
  auto submit = [&](const std::string& files) {
    std::string request = str(R"({"name":"n","graph":"g","priority":0,"workers":)",
        workers_text(job_of_test(1).workers), R"(,"files":)", files, "}");
    try {
      answer_of_head(state, "/nowhere", {"submit", request, {}}, 1'000);
    } catch (const Error& error) {
      return error.errc() == Errc::bad_input;
    }
    return false;
  };
  for (const char* files :
      {"7", "{}", "[7]", "[{}]", R"([{"path":"x","bytes":1,"groups":[]}])",
          R"([{"path":"/x","bytes":-1,"groups":[]}])", R"([{"path":"/x","bytes":1,"groups":[1]}])"})
    CHECK(submit(files));
  std::string many = "[";
  for (int i = 0; i < 1001; ++i)
    many += str(i == 0 ? "" : ",", R"({"path":"/x","bytes":1,"groups":[]})");
  CHECK(submit(many + "]"));
  CHECK(state.jobs().empty());
  CHECK_FALSE(submit(R"([{"path":"/x","bytes":1,"groups":["trainer"]}])"));
  CHECK(state.jobs().at(1).files == std::vector<JobFile>{{"/x", 1, {"trainer"}}});
  for (const char* request : {"7", "{}", R"({"ticket":7})", R"({"ticket":"x","name":"a"})"})
    CHECK_THROWS_AS(parse_piece(request), Error);
  CHECK(parse_shipped("{}").ticket.empty());
  CHECK_THROWS_AS(parse_shipped(R"({"ticket":"x"})"), Error);
  CHECK_THROWS_AS(parse_shipped(R"({"ticket":"x","shipped":[{"name":"a"}]})"), Error);
}
