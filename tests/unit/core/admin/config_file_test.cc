#include "core/admin/config_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "core/admin/arguments.h"
#include "core/admin/config_rewrite.h"
#include "core/admin/options.h"
#include "core/admin/quoting.h"
#include "core/admin/version.h"
#include "core/base/status.h"

namespace basalt {
namespace {

namespace fs = std::filesystem;

std::string Text(const absl::Status& status) { return std::string(MessageOf(status)); }

class ConfigFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string path = (fs::temp_directory_path() / "basalt_config_XXXXXX").string();
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    folder_ = fs::canonical(path).string();
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, std::string_view text) {
    std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  std::string Read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  // "" if the file was read, else the error.
  std::string Load(const std::string& path) {
    absl::Status status = ParseConfigFile(path, config_);
    return status.ok() ? "" : Text(status);
  }
  std::string LoadText(std::string_view text) {
    absl::Status status = ParseConfigText(text, "x.conf", config_);
    return status.ok() ? "" : Text(status);
  }
  std::string Run(std::vector<const char*> args) {
    args.insert(args.begin(), "basalt-server");
    absl::StatusOr<Invocation> result =
        ParseArguments(static_cast<int>(args.size()), args.data(), config_);
    return !result.ok() ? Text(result.status()) : result->run ? "run" : result->text;
  }
  std::string Rewrite(std::string_view text) {
    absl::StatusOr<std::string> result = RewriteConfigText(text, config_);
    return result.ok() ? *result : Text(result.status());
  }

  std::string folder_;
  Config config_;
};

TEST_F(ConfigFileTest, ReadsWordsQuotesAndComments) {
  EXPECT_EQ(
      LoadText(
          "# a comment\n\n   APPENDONLY yes\r\nmaxclients\t20\nrequirepass \"a b\\\"\\x41\\n\"\n"
          "logfile ''\nbind 127.0.0.1 -::1\nsave 900 1\nsave 300 10\nport 1234"),
      "");
  EXPECT_TRUE(config_.appendonly);
  EXPECT_EQ(config_.maxclients, 20);
  EXPECT_EQ(config_.requirepass, "a b\"A\n");
  EXPECT_EQ(config_.bind, (std::vector<std::string>{"127.0.0.1", "-::1"}));
  EXPECT_EQ(config_.save, (std::vector<SavePoint>{{900, 1}, {300, 10}}));
  EXPECT_EQ(config_.port, 1234);
}

TEST_F(ConfigFileTest, ErrorsNameFileAndLine) {
  EXPECT_EQ(LoadText("port 1\n\nhz abc\n"),
            "x.conf, line 3: 'hz abc': argument couldn't be parsed into an integer");
  EXPECT_EQ(LoadText("nosuch 1"), "x.conf, line 1: 'nosuch 1': there is no option 'nosuch'");
  EXPECT_EQ(LoadText("port 1 2"), "x.conf, line 1: 'port 1 2': wrong number of arguments");
  EXPECT_EQ(LoadText("port"), "x.conf, line 1: 'port': wrong number of arguments");
  EXPECT_EQ(LoadText("save 900"), "x.conf, line 1: 'save 900': Invalid save parameters");
  EXPECT_EQ(LoadText("dir \"/tmp"),
            "x.conf, line 1: 'dir \"/tmp': a quote is not closed, or not followed by a space");
  EXPECT_EQ(LoadText("user bob on"),
            "x.conf, line 1: 'user bob on': Basalt has no ACL users yet; use 'requirepass'");
  EXPECT_EQ(Load(folder_ + "/none.conf"),
            "cannot open config file '" + folder_ + "/none.conf': No such file or directory");
}

TEST_F(ConfigFileTest, IncludesFilesAndPatterns) {
  std::string inner = Write("b.conf", "port 7\n");
  Write("c.inc", "hz 20\n");
  Write("d.inc", "timeout 3\n");
  EXPECT_EQ(Load(Write("a.conf", "port 5\ninclude " + inner + "\ninclude " + folder_ +
                                     "/*.inc\ninclude " + folder_ + "/*.none\n")),
            "");
  EXPECT_EQ(config_.port, 7);
  EXPECT_EQ(config_.hz, 20);
  EXPECT_EQ(config_.timeout, 3);
  EXPECT_EQ(config_.config_file, folder_ + "/a.conf");
}

TEST_F(ConfigFileTest, ErrorsInsideAnIncludeNameTheIncludedFile) {
  std::string inner = Write("b.conf", "\nport x\n");
  EXPECT_EQ(Load(Write("a.conf", "include " + inner + "\n")),
            inner + ", line 2: 'port x': argument couldn't be parsed into an integer");
  std::string self = folder_ + "/self.conf";
  Write("self.conf", "include " + self + "\n");
  EXPECT_NE(Load(self).find("include each other too deeply"), std::string::npos);
  EXPECT_NE(Load(Write("e.conf", "include /no/such.conf\n")).find("cannot open config file"),
            std::string::npos);
}

TEST_F(ConfigFileTest, QuotedWordsComeBack) {
  for (std::string word :
       {std::string("plain"), std::string(""), std::string("a b"), std::string("\"'\\"),
        std::string("\0\x01\xff\n", 4), std::string("#x")}) {
    auto words = SplitQuoted("x " + Quote(word) + " y");
    ASSERT_TRUE(words.has_value());
    EXPECT_EQ(*words, (std::vector<std::string>{"x", word, "y"}));
  }
  EXPECT_FALSE(SplitQuoted("\"a\"b").has_value());
  EXPECT_FALSE(SplitQuoted("'a").has_value());
  EXPECT_EQ(*SplitQuoted("'it\\'s'"), std::vector<std::string>{"it's"});
}

TEST_F(ConfigFileTest, ArgumentsFollowTheFile) {
  std::string path = Write("a.conf", "port 5\nhz 50\n");
  EXPECT_EQ(Run({path.c_str(), "--port", "6", "--save", "900", "1", "--save", "300 10",
                 "--slowlog-log-slower-than", "-1", "--bind", "127.0.0.1", "-::1"}),
            "run");
  EXPECT_EQ(config_.port, 6);
  EXPECT_EQ(config_.hz, 50);
  EXPECT_EQ(config_.slowlog_log_slower_than, -1);
  EXPECT_EQ(OptionText(config_, "save"), "900 1 300 10");
  EXPECT_EQ(OptionText(config_, "bind"), "127.0.0.1 -::1");
}

TEST_F(ConfigFileTest, SaveWithoutValueMeansNone) {
  EXPECT_EQ(Run({"--save", "--port", "7"}), "run");
  EXPECT_TRUE(config_.save.empty());
  config_ = Config();
  EXPECT_EQ(Run({"--save", ""}), "run");
  EXPECT_TRUE(config_.save.empty());
}

TEST_F(ConfigFileTest, WrongArgumentsAreNamed) {
  EXPECT_EQ(Run({"--prot", "1"}), "--prot '1': there is no option 'prot'");
  EXPECT_EQ(Run({"--port", "x"}), "--port 'x': argument couldn't be parsed into an integer");
  EXPECT_EQ(Run({"--port"}), "--port: wrong number of arguments");
  EXPECT_EQ(Run({"-p", "1"}), "'-p' belongs to no option; see --help");
}

TEST_F(ConfigFileTest, ADashReadsStandardInput) {
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  ASSERT_EQ(write(pipe_fds[1], "hz 33\n", 6), 6);
  close(pipe_fds[1]);
  const char* args[] = {"basalt-server", "-", "--hz", "22"};
  absl::StatusOr<Invocation> result = ParseArguments(4, args, config_, pipe_fds[0]);
  close(pipe_fds[0]);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(config_.hz, 33);
}

TEST_F(ConfigFileTest, HelpListsEveryOption) {
  std::string help = Run({"--help"});
  for (const Option& option : OptionTable()) {
    EXPECT_NE(help.find("--" + std::string(option.name) + " "), std::string::npos) << option.name;
  }
  EXPECT_NE(Run({"--version"}).find(kBasaltVersion), std::string::npos);
}

TEST_F(ConfigFileTest, RewriteKeepsWhatIsTrue) {
  std::string text =
      "# mine\nmaxmemory   1gb\n\n   hz 10\nsave 900 1\n# end\nsave 77 7\nio-threads 4\n";
  ASSERT_EQ(LoadText(text), "");
  EXPECT_EQ(Rewrite(text), text);
}

TEST_F(ConfigFileTest, RewriteReplacesInPlaceAndAppends) {
  std::string text = "save 900 1\nhz 10\n# about port\nport 7392\nsave 77 7\n# tail\nhz 11\n";
  ASSERT_EQ(LoadText(text), "");
  std::vector<std::string_view> pairs = {"save",
                                         "",
                                         "hz",
                                         "12",
                                         "requirepass",
                                         "a b\"c",
                                         "maxmemory",
                                         "1gb",
                                         "client-output-buffer-limit",
                                         "normal 1kb 2mb 3",
                                         "io-threads",
                                         "4"};
  ASSERT_TRUE(SetOptions(config_, pairs, When::kRuntime).ok());
  EXPECT_EQ(Rewrite(text),
            "save \"\"\nhz 12\n# about port\nport 7392\n# tail\n"
            "\n# Generated by CONFIG REWRITE\n"
            "client-output-buffer-limit normal 1kb 2mb 3\nrequirepass \"a b\\\"c\"\nmaxmemory "
            "1gb\nio-threads 4\n");
}

TEST_F(ConfigFileTest, RewriteTwiceAddsTheMarkOnce) {
  config_.hz = 20;
  std::string once = Rewrite("");
  config_.timeout = 5;
  std::string twice = Rewrite(once);
  EXPECT_EQ(twice, "\n# Generated by CONFIG REWRITE\nhz 20\ntimeout 5\n");
}

TEST_F(ConfigFileTest, RewriteOverridesAnIncludeThatSaysOtherwise) {
  std::string inner = Write("b.conf", "hz 20\n");
  std::string text = "include " + inner + "\n";
  ASSERT_EQ(LoadText(text), "");
  EXPECT_EQ(Rewrite(text), text);
  config_.hz = 10;  // the default, yet it must be written
  EXPECT_EQ(Rewrite(text), text + "\n# Generated by CONFIG REWRITE\nhz 10\n");
}

TEST_F(ConfigFileTest, RewrittenFileReadsBackAsTheSameConfiguration) {
  config_.save = {{1, 2}, {3, 4}};
  config_.client_output_buffer_limit[2] = {7 << 20, 1, 2};
  config_.latency_tracking_info_percentiles = {};
  config_.notify_keyspace_events = kNotifyAll | kNotifyNew | kNotifyKeyspace;
  config_.requirepass = std::string("\0 '\"\\\xff", 6);
  config_.bind = {"127.0.0.1", "-::1"};
  config_.shutdown_on_sigterm = kShutdownNow | kShutdownForce;
  config_.maxmemory_policy = MaxmemoryPolicy::kVolatileTtl;
  Config back;
  ASSERT_TRUE(ParseConfigText(Rewrite(""), "x", back).ok());
  for (const Option& option : OptionTable())
    EXPECT_EQ(option.get(back), option.get(config_)) << option.name;
}

TEST_F(ConfigFileTest, RewriteReplacesTheFileAtOnceAndKeepsItsMode) {
  EXPECT_EQ(Text(RewriteConfigFile(config_)), "The server is running without a config file");
  std::string path = Write("a.conf", "# top\nhz 10\n");
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  ASSERT_EQ(Load(path), "");
  config_.hz = 44;
  ASSERT_TRUE(RewriteConfigFile(config_).ok());
  EXPECT_EQ(Read(path), "# top\nhz 44\n");
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder_)) ++files;
  EXPECT_EQ(files, 1u);  // nothing temporary is left
}

// The example file must not drift from the table: every option, commented out, with its default.
TEST_F(ConfigFileTest, ExampleFileShowsEveryOptionWithItsDefault) {
  const fs::path root = BASALT_SOURCE_DIR;
  const std::string path = (root / "deploy/basalt.conf").string();
  EXPECT_EQ(Load(path), "");
  std::istringstream example(Read(path));
  std::string uncommented, line;
  std::set<std::string_view> shown;
  while (std::getline(example, line)) {
    auto words = SplitQuoted(line);
    if (!line.starts_with("# ") || !words || words->size() < 3) continue;
    const Option* option = FindOption((*words)[1]);
    if (option == nullptr || option->name != (*words)[1]) continue;
    shown.insert(option->name);
    uncommented += line.substr(2) + "\n";
  }
  for (const Option& option : OptionTable()) {
    EXPECT_TRUE(shown.contains(option.name)) << option.name;
  }
  config_ = Config();
  EXPECT_EQ(LoadText(uncommented), "");
  for (const Option& option : OptionTable()) {
    EXPECT_EQ(option.get(config_), option.get(Config())) << option.name;
  }
}

}  // namespace
}  // namespace basalt
