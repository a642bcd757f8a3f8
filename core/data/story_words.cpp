// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/story_words.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gsst {
namespace {

using W = std::string_view;

constexpr W kGirls[] = {"Mira",    "Lena",     "Ottilie", "Nora",  "Saskia",  "Amara", "Pia",      "Ines",
                        "Tamsin",  "Wren",     "Yuki",    "Zora",  "Elif",    "Maeve", "Rosalind", "Hanna",
                        "Leila",   "Freya",    "Dalia",   "Anouk", "Bettina", "Cora",  "Greta",    "Imani",
                        "Juno",    "Kirsten",  "Lucia",   "Marta", "Noor",    "Odile", "Petra",    "Rina",
                        "Sunniva", "Thea",     "Una",     "Vera",  "Winnie",  "Xenia", "Alba",     "Bridget",
                        "Celeste", "Dorothea", "Edith",   "Farah", "Gudrun",  "Hazel"};
constexpr W kBoys[] = {"Tomas",  "Anton",   "Bela",   "Caspar", "Dario",   "Emil",    "Finn",   "Gideon",
                       "Hugo",   "Ivo",     "Jonas",  "Kofi",   "Leander", "Milo",    "Nils",   "Oskar",
                       "Pavel",  "Quentin", "Rafi",   "Samir",  "Theo",    "Ulrich",  "Viktor", "Wendel",
                       "Yusuf",  "Zeno",    "Arlo",   "Benno",  "Cyril",   "Desmond", "Elias",  "Florian",
                       "Gustav", "Henrik",  "Ismael", "Jasper", "Kasimir", "Lorenz",  "Mateo",  "Noel",
                       "Otto",   "Piet",    "Rufus",  "Silas",  "Tariq",   "Valentin"};
constexpr W kTowns[] = {"Alderwick",  "Brambleford",   "Cold Harrow", "Dunmere",      "Elmstead",    "Farrowgate",
                        "Gull Haven", "Hollin Bridge", "Ivyton",      "Juniper Hill", "Kettlebury",  "Larkrise End",
                        "Millbrook",  "Netherby",      "Orrin Cove",  "Pinesway",     "Quarry Bank", "Rushmere",
                        "Saltby",     "Thornley",      "Upper Wend",  "Valley Cross", "Willowmoor",  "Yarrowdale"};
constexpr W kAnimals[] = {
    "fox",  "hedgehog", "badger", "otter",  "goose",  "donkey",  "goat",     "rabbit", "squirrel", "heron",  "magpie",
    "owl",  "tortoise", "kitten", "puppy",  "pony",   "lamb",    "duckling", "toad",   "mole",     "raven",  "robin",
    "seal", "hare",     "ferret", "piglet", "calf",   "sparrow", "starling", "swan",   "mouse",    "beaver", "cat",
    "dog",  "jackdaw",  "turtle", "crow",   "pigeon", "deer",    "weasel",   "hen",    "parrot",   "marmot", "lizard"};
constexpr W kCritters[] = {"magpie", "squirrel", "ferret",   "jackdaw", "raven", "crow", "fox",    "weasel",
                           "marmot", "hare",     "hedgehog", "badger",  "otter", "owl",  "marten", "rabbit"};
constexpr W kBeasts[] = {"donkey", "goat", "pony", "goose", "calf", "mule", "ram", "dog", "young ox", "billy goat"};
constexpr W kThings[] = {"lantern",   "kettle",       "compass",      "violin",    "wheelbarrow",
                         "umbrella",  "basket",       "map",          "clock",     "kite",
                         "ladder",    "key",          "whistle",      "drum",      "mirror",
                         "teapot",    "hammer",       "music box",    "telescope", "sled",
                         "bucket",    "button",       "scarf",        "notebook",  "paintbrush",
                         "bell",      "candle",       "coin",         "ring",      "blanket",
                         "puppet",    "wagon",        "spyglass",     "flute",     "rowing boat",
                         "chest",     "hat",          "letter",       "lamp",      "pocket watch",
                         "marble",    "quilt",        "weather vane", "spade",     "accordion",
                         "toy train", "wooden horse", "spoon",        "jug",       "ink bottle",
                         "bicycle",   "trumpet",      "brooch",       "chess set", "magnifying glass",
                         "oar",       "anchor",       "apron",        "envelope"};
constexpr W kQualities[] = {"old",        "tiny",      "heavy",    "dusty",      "beautiful",   "strange",  "wonderful",
                            "faded",      "plain",     "curious",  "ordinary",   "unusual",     "elegant",  "enormous",
                            "painted",    "forgotten", "handmade", "useful",     "odd-looking", "antique",  "battered",
                            "bright",     "sturdy",    "delicate", "mysterious", "simple",      "splendid", "shabby",
                            "remarkable", "charming",  "ugly",     "borrowed",   "expensive",   "cheap",    "lovely",
                            "familiar",   "foreign",   "patched"};
constexpr W kColours[] = {"red",   "blue",      "green", "yellow",          "orange",   "purple",
                          "white", "grey",      "brown", "black",           "pink",     "crimson",
                          "amber", "turquoise", "ivory", "copper-coloured", "sky-blue", "violet"};
constexpr W kPlants[] = {"poppy",    "daisy",    "tulip",  "rose",     "iris",     "sunflower", "foxglove",
                         "lily",     "marigold", "orchid", "bluebell", "primrose", "thistle",   "fern",
                         "snowdrop", "crocus",   "pansy",  "geranium", "anemone",  "cornflower"};
constexpr W kTrees[] = {"oak",   "elm",         "willow", "birch",       "apple tree", "chestnut",
                        "pine",  "cherry tree", "ash",    "walnut tree", "maple",      "pear tree",
                        "larch", "hazel",       "linden", "alder",       "yew",        "plum tree"};
constexpr W kJobs[] = {"baker",          "carpenter",
                       "fisher",         "gardener",
                       "teacher",        "clockmaker",
                       "tailor",         "blacksmith",
                       "letter carrier", "shepherd",
                       "librarian",      "painter",
                       "boat builder",   "miller",
                       "doctor",         "cobbler",
                       "potter",         "innkeeper",
                       "beekeeper",      "weaver",
                       "glassblower",    "lighthouse keeper",
                       "cook",           "sailor",
                       "bookbinder",     "train driver",
                       "engineer",       "actor",
                       "musician",       "astronomer",
                       "candle maker",   "cheese maker",
                       "roofer",         "organist",
                       "umbrella mender"};
constexpr W kFoods[] = {"warm bread",        "a slice of plum cake",
                        "an apple",          "a bowl of soup",
                        "a piece of cheese", "hot porridge",
                        "a handful of nuts", "a honey roll",
                        "an onion pie",      "pancakes",
                        "a ripe pear",       "ginger biscuits",
                        "a boiled egg",      "a pot of stew",
                        "roasted chestnuts", "a jar of jam",
                        "an orange",         "buttered toast",
                        "a cup of cocoa",    "a bag of cherries",
                        "a potato cake",     "lentil soup",
                        "a poppy seed bun",  "an almond tart",
                        "fried fish",        "a bowl of berries",
                        "noodles",           "a baked apple",
                        "oat cakes",         "a mug of hot milk"};
constexpr W kSpots[] = {"beside the mill",
                        "at the harbour",
                        "in the market square",
                        "behind the school",
                        "under the bridge",
                        "on the hill",
                        "at the edge of the forest",
                        "in the orchard",
                        "by the river",
                        "near the railway station",
                        "in the library",
                        "on the beach",
                        "at the old well",
                        "in the attic",
                        "behind the bakery",
                        "in the garden",
                        "at the crossroads",
                        "on the pier",
                        "in the meadow",
                        "by the frozen pond",
                        "near the lighthouse",
                        "in the barn",
                        "at the top of the tower",
                        "under the great oak",
                        "in the workshop",
                        "beside the canal",
                        "at the foot of the mountain",
                        "in the courtyard",
                        "on the village green",
                        "in the cellar",
                        "by the waterfall",
                        "at the back of the theatre",
                        "on the ferry landing",
                        "in the greenhouse",
                        "near the quarry",
                        "by the town wall"};
constexpr W kWeathers[] = {"The sun was shining.",
                           "A light rain was falling.",
                           "Fog lay over the fields.",
                           "The wind blew hard from the sea.",
                           "Snow had fallen in the night.",
                           "It was a day for staying outdoors.",
                           "Grey clouds hung low over the roofs.",
                           "The air smelled of wet leaves.",
                           "Frost glittered on every window.",
                           "A warm breeze came over the hills.",
                           "Thunder rumbled far away.",
                           "There was not a cloud in the sky.",
                           "The streets were still wet from the storm.",
                           "The first leaves were turning yellow.",
                           "Icicles hung from the gutters.",
                           "The moon was already up.",
                           "It had rained for three days without a pause.",
                           "The morning was clear and cold.",
                           "Dust danced in the evening light.",
                           "Swallows flew low over the grass.",
                           "The river was high and brown.",
                           "A rainbow stood over the valley.",
                           "The stars were very bright.",
                           "Everything was quiet after the snow."};
constexpr W kGlad[] = {"happy",   "proud",         "cheerful",    "relieved",  "grateful",   "delighted", "hopeful",
                       "content", "excited",       "calm",        "brave",     "thankful",   "pleased",   "merry",
                       "at ease", "light-hearted", "full of joy", "satisfied", "encouraged", "amused"};
constexpr W kSad[] = {"sad",     "lonely",   "worried",  "afraid",    "tired",       "nervous",   "disappointed",
                      "uneasy",  "upset",    "gloomy",   "puzzled",   "discouraged", "impatient", "anxious",
                      "unhappy", "restless", "helpless", "miserable", "frightened",  "unsure",    "troubled"};
constexpr W kManners[] = {"slowly",          "quietly",         "carefully",   "patiently",  "bravely",
                          "calmly",          "steadily",        "silently",    "cautiously", "without a word",
                          "with great care", "without a break", "all day long"};
constexpr W kTones[] = {"softly",    "kindly",        "politely",     "warmly",      "firmly",
                        "quietly",   "eagerly",       "shyly",        "earnestly",   "cheerfully",
                        "nervously", "calmly",        "thoughtfully", "proudly",     "gently",
                        "at last",   "after a while", "with a smile", "with a sigh", "in a low voice"};
constexpr W kNoises[] = {"a soft knock",        "a loud crash",  "a faint whistle",       "an odd scratching sound",
                         "a deep rumble",       "a tiny squeak", "the ringing of a bell", "a long creak",
                         "the splash of oars",  "an echo",       "a burst of laughter",   "a low growl",
                         "the rustle of paper", "a sudden bang", "somebody humming",      "a quiet sob",
                         "hurried footsteps",   "a cough"};
constexpr W kSeasons[] = {"spring", "summer", "autumn", "winter"};
constexpr W kHours[] = {"early in the morning",
                        "shortly before noon",
                        "late in the afternoon",
                        "at sunset",
                        "after supper",
                        "just before midnight",
                        "at first light",
                        "after school",
                        "on a Sunday",
                        "on market day",
                        "on the first day of May",
                        "one Saturday",
                        "at the end of the week",
                        "on the longest day of the year",
                        "one Tuesday morning",
                        "during the holidays",
                        "one day in March",
                        "a week before the fair",
                        "on the eve of the feast"};
constexpr W kNumbers[] = {"two",   "three", "four", "five",   "six",    "seven",
                          "eight", "nine",  "ten",  "eleven", "twelve", "twenty"};
constexpr W kWomen[] = {"mother", "grandmother", "aunt", "big sister", "godmother", "great-aunt"};
constexpr W kMen[] = {"father", "grandfather", "uncle", "big brother", "godfather", "great-uncle"};
constexpr W kMaterials[] = {"oak",     "brass",  "tin",  "stone",  "glass", "clay",
                            "leather", "copper", "iron", "walnut", "cedar"};

constexpr std::array<std::pair<W, WordList>, 24> kLists = {
    {{"girl", kGirls},         {"boy", kBoys},          {"town", kTowns},     {"animal", kAnimals},
     {"thing", kThings},       {"quality", kQualities}, {"colour", kColours}, {"plant", kPlants},
     {"tree", kTrees},         {"job", kJobs},          {"food", kFoods},     {"spot", kSpots},
     {"weather", kWeathers},   {"glad", kGlad},         {"sad", kSad},        {"manner", kManners},
     {"noise", kNoises},       {"season", kSeasons},    {"hour", kHours},     {"number", kNumbers},
     {"material", kMaterials}, {"critter", kCritters},  {"beast", kBeasts},   {"tone", kTones}}};

}  // namespace

WordList wordList(std::string_view name) {
    if (name == "woman")
        return kWomen;
    if (name == "man")
        return kMen;
    const auto found = std::find_if(kLists.begin(), kLists.end(), [&](const auto& list) { return list.first == name; });
    return found == kLists.end() ? WordList() : found->second;
}

std::string_view articleFor(std::string_view phrase) {
    for (const std::string_view silent : {"hour", "honest", "heir"})
        if (phrase.starts_with(silent))
            return "an";
    for (const std::string_view consonant : {"uni", "use", "usu", "one", "eu", "ewe"})
        if (phrase.starts_with(consonant) && !phrase.starts_with("unim") && !phrase.starts_with("unin"))
            return "a";
    return !phrase.empty() && std::string_view("aeiouAEIOU").find(phrase.front()) != std::string_view::npos ? "an"
                                                                                                            : "a";
}

}  // namespace gsst
