#include "common/study/class_names.h"

#include <gtest/gtest.h>

#include <fstream>

#include "common/base/error.h"
#include "tests/temporary_folder.h"

namespace wcam {
namespace {

using Names = std::vector<std::string>;
const Names kThree{"tench, Tinca tinca", "goldfish", "great white shark"};

Names names_in(const std::string& text) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "names", std::ios::binary) << text;
  return read_class_names(folder.path() / "names");
}

std::string refusal(const std::string& text) try {
  const Names names = names_in(text);
  return "taken: " + names.front();
} catch (const InputError& e) {
  const std::string what = e.what();
  return what.substr(what.find("names: ") + 7);
}

TEST(ClassNames, AreReadInEveryFormThatIsAbout) {
  const std::vector<std::string> forms{
      "tench, Tinca tinca\ngoldfish\ngreat white shark\n",
      "\xEF\xBB\xBFtench, Tinca tinca\r\ngoldfish\r\ngreat white shark\r\n\r\n",
      "n01440764 tench, Tinca tinca\nn01443537 goldfish\nn01484850 great white shark\n",
      "n01440764\ttench, Tinca tinca\nn01443537\tgoldfish\nn01484850\tgreat white shark\n",
      "n01440764: tench, Tinca tinca\nn01443537: goldfish\nn01484850: great white shark",
      "n01440764_tench, Tinca tinca\nn01443537_goldfish\nn01484850_great white shark\n",
      "n01440764-tench, Tinca tinca\nn01443537-goldfish\nn01484850-great white shark\n",
      "tench, Tinca tinca n01440764\ngoldfish n01443537\ngreat white shark n01484850\n",
      "tench, Tinca tinca, n01440764\ngoldfish, n01443537\ngreat white shark, n01484850\n",
      "tench, Tinca tinca (n01440764)\ngoldfish (n01443537)\ngreat white shark (n01484850)\n",
      "0 tench, Tinca tinca\n1 goldfish\n2 great white shark\n",
      "0: tench, Tinca tinca\n1: goldfish\n2: great white shark\n",
      "1. tench, Tinca tinca\n2. goldfish\n3. great white shark\n",
      "0 - tench, Tinca tinca\n1 - goldfish\n2 - great white shark\n",
      "2,great white shark\n0,\"tench, Tinca tinca\"\n1,goldfish\n",  // numbers decide
      "0 n01440764 tench, Tinca tinca\n1 n01443537 goldfish\n2 n01484850 great white shark\n",
      "n01440764 1 tench, Tinca tinca\nn01443537 2 goldfish\nn01484850 3 great white shark\n",
      "ClassId,SignName\n0,\"tench, Tinca tinca\"\n1,goldfish\n2,great white shark\n",
      "class_id\twnid\tname\n0\tn01440764\ttench, Tinca tinca\n1\tn01443537\tgoldfish\n2\tn01484850\tgreat "
      "white "
      "shark\n",
      "\"0\",\"tench, Tinca tinca\"\n\"1\",\"goldfish\"\n\"2\",\"great white shark\"\n",
      "name,index\n\"tench, Tinca tinca\",0\ngoldfish,1\ngreat white shark,2\n",
      "{0: 'tench, Tinca tinca',\n 1: 'goldfish',\n 2: \"great white shark\"}\n",
      "{\n  0: 'tench, Tinca tinca',\n  1: 'goldfish',\n  2: 'great white shark',\n}\n",
      "['tench, Tinca tinca',\n'goldfish',\n'great white shark']",
      "names:\n  0: tench, Tinca tinca\n  1: goldfish\n  2: great white shark\n",
      "names:\n  - tench, Tinca tinca\n  - goldfish\n  - great white shark\n",
      R"(["tench, Tinca tinca", "goldfish", "great white shark"])",
      R"(["n01440764_tench, Tinca tinca", "n01443537_goldfish", "n01484850_great white shark"])",
      R"names(["tench, Tinca tinca (n01440764)", "goldfish (n01443537)", "great white shark (n01484850)"])names",
      "{0: 'n01440764 tench, Tinca tinca',\n 1: 'n01443537 goldfish',\n 2: 'n01484850 great white shark'}\n",
      R"({"classes": ["tench, Tinca tinca", "goldfish", "great white shark"]})",
      R"({"0": ["n01440764", "tench, Tinca tinca"], "1": ["n01443537", "goldfish"],
          "2": ["n01484850", "great white shark"]})",
      R"({"2": "great white shark", "0": "tench, Tinca tinca", "1": "goldfish"})",
      R"({"tench, Tinca tinca": 0, "goldfish": 1, "great white shark": 2})",
      R"({"n01440764": "tench, Tinca tinca", "n01443537": "goldfish", "n01484850": "great white shark"})",
      R"([["n01440764", "tench, Tinca tinca"], ["n01443537", "goldfish"], ["n01484850", "great white shark"]])",
      R"([{"kind": "fish", "id": 0, "name": "tench, Tinca tinca"}, {"kind": "fish", "id": 1, "name": "goldfish"},
          {"kind": "fish", "id": 2, "name": "great white shark"}])",
  };
  for (const std::string& form : forms) EXPECT_EQ(names_in(form), kThree) << form;
}

TEST(ClassNames, KeepWhatBelongsToTheName) {
  EXPECT_EQ(names_in("747\n737\n"), (Names{"747", "737"})) << "numbers that are names";
  EXPECT_EQ(names_in("1998 Audi\n2007 BMW\n"), (Names{"1998 Audi", "2007 BMW"}));
  EXPECT_EQ(names_in("Boeing 0\nBoeing 1\n"), (Names{"Boeing 0", "Boeing 1"}));
  EXPECT_EQ(names_in("night\nnoon\n"), (Names{"night", "noon"}));
  EXPECT_EQ(names_in("carpenter's kit\n'tis\n"), (Names{"carpenter's kit", "'tis"}));
  EXPECT_EQ(names_in("0: 'it''s'\n1: 'it\\'s'\n"), (Names{"it's", "it's"}));
  EXPECT_EQ(names_in("\n\n[none]\nx\n"), (Names{"", "", "[none]", "x"}));
  EXPECT_EQ(names_in("n01440764\nn01443537\n"), (Names{"n01440764", "n01443537"})) << "nothing else is known";
  EXPECT_EQ(names_in("['n01440764',\n'n01443537']"), (Names{"n01440764", "n01443537"}));
  EXPECT_EQ(names_in(""), Names{});
}

TEST(ClassNames, InAnOrderThatIsNotTheirClassesAreRefused) {
  EXPECT_EQ(refusal("n02119789 1 kit_fox\nn02100735 2 English_setter\n"),
            "line 2: n02100735 comes after n02119789, but ImageNet's classes are in ascending order of their "
            "WordNet ids: this list has another order. Sort it by id; if the network was trained with this "
            "very order, write the names without ids");
  EXPECT_EQ(refusal("tench\nn01443537 goldfish\nshark\n"),
            "line 2 begins with a WordNet id, unlike others: write the ids of all, or none");
  EXPECT_EQ(refusal("n02119789_kit_fox\nn02100735_English_setter\n").substr(0, 41),
            "line 2: n02100735 comes after n02119789, ");
  EXPECT_EQ(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n").substr(0, 24),
            "its content is not here:");
  EXPECT_EQ(refusal("0 tench\n1 goldfish\n3 shark\n"), "number 2 is missing; 3 names are numbered 0 to 2");
  EXPECT_EQ(refusal("0 tench\n1 goldfish\n1 shark\n"),
            "line 3: number 1 is there already; 3 names are numbered 0 to 2");
  EXPECT_EQ(refusal(R"([{"id": -1, "name": "a"}, {"id": 0, "name": "b"}])"),
            "entry 0: number -1 is below 0; 2 names are numbered 0 to 1");
  EXPECT_EQ(refusal(R"({"0": "a", "b": "c"})"), "entry b has no number, unlike others");
}

TEST(ClassNames, InAFormThatIsNotKnownAreRefused) {
  EXPECT_EQ(refusal("['tench', 'goldfish']").substr(0, 24), "neither names nor JSON: ");
  EXPECT_EQ(refusal(R"(["tench", [["goldfish"]]])"),
            "entry 1 is array, which is neither a name nor a WordNet id with one");
  EXPECT_EQ(refusal("[null, 1]").substr(0, 15), "entry 0 is null");
  EXPECT_EQ(refusal("tench\ncaf\xe9\n"), "line 2 is not UTF-8: save the file as UTF-8");
  EXPECT_NE(refusal(std::string(100'000, '[') + "]"), "") << "however deep";
  EXPECT_EQ(refusal("[1, " + std::string(200'000, '[') + "1" + std::string(200'001, ']')).substr(0, 16),
            "entry 1 is array");
}

}  // namespace
}  // namespace wcam
