// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/story_plot_lists.h"

#include <array>

namespace gsst {
namespace {

constexpr auto kPlots = std::to_array<StoryPlot>({
    {"{He} wanted to learn how to [play the violin|skate|swim|juggle|ride a bicycle], but {he} had failed {+number} "
     "times already. [{His} best friend {friend} was the first to hear of it.|{Friend}, {his} best friend, knew it "
     "too.|{He} told {his} friend {friend} about it.|\"What do you think?\" {he} asked {his} friend "
     "{friend}.|{Friend}, "
     "who lived next door, had heard of it as well.]",
     "\"I shall never learn it,\" said {hero}. {He} felt {+sad}. The {job} heard it and sat down beside {him}. \"How "
     "many"
     " times have you tried?\" asked the {job}. {Hero} told {jhim}. \"When I began my trade, I failed every day for a "
     "year,\" said the {job}. \"[I kept every broken piece.|I still have the first thing I made, and it is ugly.] "
     "Come, "
     "I will show you.\" {Jhe} opened a box, and it was full of [bent nails|crooked spoons|torn pages].\nAfter that "
     "{hero} practised {spot} every day. [Some days were good, and some were not.|It was hard, and {he} often wanted "
     "to stop.] {Friend} came along and counted.",
     "Then, {+hour}, it worked. {Hero} did not notice it at once, but {friend} did. \"[You did it!|That was it!]\" "
     "called {friend}. {Hero} was so {+glad} that {he} did it again, just to be sure."},
    {"{He} liked to build things. {+Hour} {he} decided to build a machine that could [fly|sing|walk|paint]. [{His} "
     "best friend {friend} was the first to hear of it.|{Friend}, {his} best friend, knew it too.|{He} told {his} "
     "friend {friend} about it.|\"What do you think?\" {he} asked {his} friend {friend}.|{Friend}, who lived next "
     "door, "
     "had heard of it as well.]",
     "{He} collected {a +thing}, {a +thing}, {a +thing} and {+number} wheels. {Friend} held the screws. [They worked "
     "behind the house until it was dark.|For a week nobody saw them.] When they were done, the machine shook, made "
     "{+noise} and [fell to pieces|rolled into the pond]. The other children laughed. {Hero} felt {+sad}.\nBut {friend}"
     " picked up one wheel and turned it round and round. \"Here is the mistake,\" {fhe} said. \"It is too heavy on "
     "one "
     "side.\" So they built it again, and this time they [made it smaller|used paper and thin wood].",
     "The second machine worked. It was not large and not beautiful, but [the {job} put it into the window of {jhis} "
     "shop|all {town} came to see it]. Under it there was a sign: \"Made by {hero} and {friend}, second try.\""},
    {"The clock on the tower of {town} had stopped, and nobody could remember when. [People came late to "
     "everything.|The {job} opened {jhis} shop at a different hour every day.] [{His} best friend {friend} was the "
     "first to hear of it.|{Friend}, {his} best friend, knew it too.|{He} told {his} friend {friend} about it.|\"What "
     "do you think?\" {he} asked {his} friend {friend}.|{Friend}, who lived next door, had heard of it as well.]",
     "{Hero} climbed the stairs {+manner}. There were more than a hundred. At the top {he} heard {+noise}. A pair of "
     "[pigeons|jackdaws|starlings|sparrows] had built a nest right between the two largest wheels. {Hero} did not want"
     " to [drive them away|disturb the eggs]. {He} went down again and asked {friend} what to do.\n\"We wait,\" said "
     "{friend}. So they waited for {+number} weeks, and in the meantime {hero} rang the bell by hand, at seven, at "
     "noon and in the evening. {He} was never late, not even once.",
     "When the young ones had flown away, {hero} cleaned the wheels, put on some oil, and the clock began to tick. But"
     " [the people asked {him} to go on ringing the bell|at noon {he} still rings the bell by hand], because they "
     "liked it better."},
    {"{He} was afraid of the dark. [Nobody knew it but {his} {kin}.|{He} had never told anybody, not even {his} best "
     "friend {friend}.]",
     "{+Hour} {his} {kin} gave {him} {a quality} lamp. \"You may light it whenever you want,\" said {his} {kin}, \"but "
     "first you must tell me three things that you can hear.\" {Hero} lay in the dark and listened. {He} heard the "
     "wind. {He} heard {a animal} in the yard. Then {he} heard {+noise}, and {his} heart beat fast. [But it was only "
     "{his} {kin}, who was washing the dishes.|But it was only the old house, which creaked in the cold.]\nThe next "
     "night {he} could hear five things, and the night after that {he} heard {+number}. {He} forgot the lamp, because "
     "{he} was so busy with listening.",
     "One evening {friend} stayed for the night and felt {+sad} when the light went out. \"Shall I tell you a "
     "secret?\" "
     "said {hero}. \"Close your eyes and tell me three things that you can hear.\""},
    {"{Hero} found {a quality} map {spot}. There was {a tree} on it, a bridge and, beside a river, a cross in {colour}"
     " ink. [{His} best friend {friend} was the first to hear of it.|{Friend}, {his} best friend, knew it too.|{He} "
     "told {his} friend {friend} about it.|\"What do you think?\" {he} asked {his} friend {friend}.|{Friend}, who "
     "lived "
     "next door, had heard of it as well.]",
     "\"Treasure!\" said {friend} at once. They took a spade and {food} and set out. They found the bridge. They found "
     "the {tree}. But where the cross should be, there was only a small garden full of weeds and a bench with three "
     "legs. They dug for hours {+manner}, until {friend} hit something hard. It was a box made of {+material}. In it "
     "lay [a bag of seeds|an old photograph|a pair of garden gloves] and a letter.\n\"Dear finder,\" {hero} read "
     "aloud. "
     "\"The treasure is this place. I came here whenever I felt {+sad}. Please take care of it.\"",
     "They looked at each other. Then they [pulled out the weeds|mended the bench] and came back every week. In the "
     "{season} it was the most beautiful place near {town}. Before they grew up, they drew a new map and [hid it in "
     "the library|left it where somebody would find it]."},
    {"There was going to be a race in {town}. {Hero} was not the fastest, but {he} had practised {spot} all through "
     "the {season}. [{His} best friend {friend} was the first to hear of it.|{Friend}, {his} best friend, knew it "
     "too.|{He} told {his} friend {friend} about it.|\"What do you think?\" {he} asked {his} friend "
     "{friend}.|{Friend}, "
     "who lived next door, had heard of it as well.]",
     "[At the start {he} was last.|The others ran off like hares.] After the first mile {he} passed one runner, and "
     "then another. {+Weather} Near the end only {friend} was in front of {him}. Then {friend} stepped on a stone and "
     "fell. {Hero} could see the finish. {He} could hear the people shout. [For a moment {he} did not know what to "
     "do.|{He} ran three more steps.]\nThen {he} turned round. \"Put your arm round my neck,\" {he} said. They went on "
     "together, step by step, while {+number} others ran past them.",
     "They came in last, side by side. The {job}, who had won, [broke {jhis} cake into three pieces|took off {jhis} "
     "ribbon and hung it round both of them]. \"I only ran,\" said the {job}. \"[You two did more than that|That was "
     "harder].\""},
    {"{His} {kin} told the best stories in {town}, but lately {khe} had begun to forget things. [{Khe} looked for "
     "{khis} glasses all day.|Sometimes {khe} called {hero} by another name.] [{His} best friend {friend} was the "
     "first to hear of it.|{Friend}, {his} best friend, knew it too.|{He} told {his} friend {friend} about it.|\"What "
     "do you think?\" {he} asked {his} friend {friend}.|{Friend}, who lived next door, had heard of it as well.]",
     "{Hero} felt {+sad} about it. \"When the stories are gone, nobody will know them,\" {he} said to {friend}. So "
     "they "
     "bought {a quality} notebook. Every evening {hero} asked a question, {friend} wrote down the answer, and {his} "
     "{kin} told [how {khe} had once met a king|about the year of the great flood|how {khe} had crossed the sea with "
     "{a animal}]. When {khe} lost the thread, {hero} read the last line aloud, and piece by piece it came back.\nAfter"
     " {+number} weeks the notebook was full, and they bought another.",
     "In the {season} {his} {kin} no longer knew the stories. But now {hero} sat beside {khim} and read them to "
     "{khim}. \"What a good story,\" said {his} {kin}. \"[Who made that up?|Did that really happen?]\" \"You did,\" "
     "said "
     "{hero}."},
    {"{Hero} was new in {town} and did not know anybody. [At school {he} sat alone.|During the breaks {he} stood by "
     "the wall.]",
     "{He} had only {his} {thing}, which {he} carried everywhere. {+Hour} the others took it away and threw it from "
     "one to the other. {Hero} felt {+sad} and did not know what to say. Then {friend} caught the {thing} and did not "
     "throw it on. \"It is not yours,\" {fhe} said to the others {+tone}. \"[Go and play something else.|Leave {him} "
     "alone.]\" {Fhe} gave it back. \"Does it do anything?\" {fhe} asked.\n{Hero} showed {fhim} how it worked. [The "
     "others"
     " came nearer, one after the other.|Soon three more children stood around them.] \"May I try it too?\" asked the "
     "one who had taken it.",
     "{Hero} thought about it for a while. \"Yes,\" {he} said, \"if you tell me your name.\" After that {he} knew "
     "{+number} names, and [the wall was just a wall again|{he} never stood by the wall any more]."},
    {"The {job} was looking for a helper, and both {hero} and {friend} wanted the place.",
     "\"I will give you a task,\" said the {job}. \"Here is a coin for each of you. Buy something that fills the whole "
     "room.\" {Friend} bought straw, as much as {fhe} could carry, but it [covered only the floor|did not even reach "
     "the window]. {Hero} walked about {spot} and thought [hard|for a long time|about it]. At last {he} bought a "
     "single candle. In the evening {he} lit it, and [light filled the room to the last corner|there was no corner "
     "that stayed dark].\n\"That is clever,\" said the {job}. \"But tell me, how did you think of it?\" {Hero} felt "
     "{+sad} "
     "for a moment. \"{Friend} gave me the idea,\" {he} said. \"{Fhe} said on the way that it was too dark in here.\"",
     "The {job} looked from one to the other. \"Then I need both of you,\" {jhe} said. \"One who sees what is missing, "
     "and one who finds it.\" [They worked there for {+number} years.|And that was how both of them learned a trade.]"},
    {"[For a long time|For {+number} years] {hero} had kept a secret: {he} could not read. When others took out a "
     "book, {he} always had an excuse.",
     "{+Hour} the {job} asked {him} to read a letter aloud. {Hero} felt {+sad}. \"I have lost my glasses,\" {he} said, "
     "although {he} had never had any. But {friend} had seen {his} face. Later {fhe} came to {him} {spot} with {a "
     "quality} book about {a animal}. \"I know a good place where nobody will listen,\" {fhe} said. They met there "
     "every"
     " day. First came the letters, then short words, then long ones. [It was like opening a rusty door.|Some words "
     "were as hard as nuts.]\nAfter {+number} weeks {hero} read a whole page, slowly and with one finger on the line. "
     "At the end {he} wanted to know how it went on, and that was the best sign.",
     "In the {season} {he} went back to the {job}. \"May I read your letter now?\" {he} asked. {Jhe} gave it to {him}. "
     "It began with the words: \"[Dear friend, it is never too late.|My dear, I have good news.]\""},
});

}  // namespace

std::span<const StoryPlot> skillPlots() {
    return kPlots;
}

}  // namespace gsst
