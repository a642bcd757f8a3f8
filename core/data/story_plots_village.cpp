// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/story_plot_lists.h"

#include <array>

namespace gsst {
namespace {

constexpr auto kPlots = std::to_array<StoryPlot>({
    {"[One day|{+Hour}|{+Hour}] {he} found {a quality} {thing} {spot}. [Nobody knew whose it was.|It had no name on "
     "it.|It looked as if somebody had left it there in a hurry.]",
     "{Hero} took the {thing} home and asked {his} {kin} about it. \"Perhaps it belongs to the {job},\" said {his} "
     "{kin}. [So {hero} went to the {job}, but {jhe} shook {jhis} head.|The {job} looked at it [closely|from all "
     "sides], but {jhe} had never seen it before.] \"[Ask {friend}|Try {friend}],\" said the {job}. \"{Friend} lost "
     "something {spot2} last week.\"\n{Friend} was sitting {spot2} and felt {+sad}. When {fhe} saw the {thing}, {fhe} "
     "jumped up. \"[That is mine!|My {thing}! Where did you find it?|I thought it was gone for good!]\" {fhe} cried.",
     "{Hero} told {fhim} the whole story. [{Friend} wanted to give {him} a coin, but {hero} shook {his} head.|{Friend}"
     " thanked {him} three times.] Instead they shared {food} and talked until it was dark."},
    {"{His} {kin} had promised {him} {a quality} {thing} if {he} helped the {job} for {+number} days.",
     "On the first day {hero} [swept the floor|carried water|stacked wood] from morning to evening. On the second day "
     "{he} [broke a jug by accident|spilled a bucket of paint|let the fire go out]. \"[I will say it was the "
     "{animal}|Nobody saw it],\" {he} thought, but then {he} felt {+sad}.\n{He} went to the {job} and said {+tone}, "
     "\"I "
     "did it. I am sorry.\" The {job} was silent for a while. [Then {jhe} laughed.|Then {jhe} smiled a little.] \"I "
     "did "
     "the same when I was your age,\" said the {job}. \"Now you know how to [clean up|do it better], and I know that "
     "you"
     " tell the truth.\"",
     "When the work was done, {hero} got the {thing}. [It was {+colour} and shone in the sun.|It was even better than "
     "{he} had hoped.] But {he} was prouder of [what the {job} had said|the work of {his} hands] than of the gift."},
    {"[Every year|Each {season}] there was a fair in {town}, and this time {hero} wanted to sell {food} there with "
     "{his} friend {friend}.",
     "They set up a table {spot}. [At first nobody came.|For a long hour not one person stopped.] {Friend} felt "
     "{+sad}. \"Our table is too plain,\" {fhe} said. So {hero} ran home and came back with {a +colour} cloth and {a "
     "quality} {thing}. {Friend} [painted a sign|picked a bunch of flowers] and put it in the middle.\n[Soon {a job} "
     "stopped.|Then the {job} came by.] \"[That smells good|What a fine table]!\" said the {job}. {Jhe} bought some "
     "and "
     "told everybody at the fair. By the evening [the table was empty|there was nothing left to sell].",
     "They counted the money [twice|coin by coin|three times]. There was enough for [a new tent|two tickets to the "
     "theatre|a ride on the ferry], and a little was left for {his} {kin}."},
    {"[One night|After supper] the lights went out all over {town}. [Even the street lamps were dark.|Not one window "
     "was bright.]",
     "{Hero} heard {+noise} from the street. It was the old {job}, who could not find {jhis} way home. {Hero} took {a "
     "quality} lantern and went out, although {he} felt {+sad}. \"Hold on to my arm,\" {he} said. They walked "
     "{+manner} "
     "past the houses. [{A animal} crossed the road and made them jump.|Once they stumbled over {a thing}.] Then "
     "{hero} had an idea. {He} knocked at the door of {friend}, and together they put a candle in every window along "
     "the road.\n[Now everybody could see the way.|One after another, people came out and did the same.]",
     "When the lights came back, [nobody wanted to blow out the candles|the people of {town} stayed outside for a "
     "while and talked]. \"We should do this every {season},\" said {friend}."},
    {"{Hero} and {friend} had been friends for {+number} years, but {+hour} they quarrelled about {a quality} {thing}.",
     "\"I saw it first,\" said {hero}. \"But I carried it home,\" said {friend}. [They shouted so loudly that {a "
     "animal} "
     "ran away.|Neither of them would give in.] For {+number} days they did not speak. {Hero} sat alone {spot} and "
     "felt {+sad}. {Friend} sat alone {spot2} and felt just the same.\n{His} {kin} noticed it. \"What is the {thing} "
     "good for, if you have nobody to show it to?\" asked {his} {kin}. {Hero} had no answer to that.",
     "The next morning {he} took the {thing} and went to {friend}. [On the way they met, because {friend} had been "
     "coming to see {him}.|{Friend} opened the door before {he} could knock.] \"You can have it,\" they both said at "
     "the"
     " same time. Then they laughed, and from that day the {thing} belonged to both of them."},
    {"[A letter came|The letter carrier brought a letter] {+hour}, but the rain had washed away the name. Only the "
     "words \"please come soon\" could be read. [{His} best friend {friend} was the first to hear of it.|{Friend}, "
     "{his}"
     " best friend, knew it too.|{He} told {his} friend {friend} about it.|\"What do you think?\" {he} asked {his} "
     "friend {friend}.|{Friend}, who lived next door, had heard of it as well.]",
     "{Hero} wanted to know who had written it. {He} showed it to {friend}, who looked at the paper [closely|from both"
     " sides]. \"It smells of [smoke|flour|salt|apples],\" {fhe} said. \"And the ink is {colour}. Only the {job} has "
     "{colour} ink.\" So they hurried to the {job}.\nThe {job} was [lying in bed with a fever|sitting by a cold stove "
     "with a bandaged foot]. \"[At last!|So somebody got my letter!]\" {jhe} said. \"I wrote to my sister, but she "
     "must "
     "have moved away.\" {Hero} lit the fire, and {friend} brought {food}.",
     "They came back every day until the {job} was well. [Later {jhe} taught them both {jhis} trade.|Later {jhe} gave "
     "them the rest of the {colour} ink.] The letter hung on {his} wall for many years."},
    {"The bridge of {town} was old, and {+hour} [a plank broke|the storm tore half of it away]. Nobody could cross the"
     " river. [{His} best friend {friend} was the first to hear of it.|{Friend}, {his} best friend, knew it too.|{He} "
     "told {his} friend {friend} about it.|\"What do you think?\" {he} asked {his} friend {friend}.|{Friend}, who "
     "lived "
     "next door, had heard of it as well.]",
     "[The people argued about who should pay.|Everybody waited for somebody else to begin.] {Hero} looked at the "
     "broken bridge and thought [hard|for a long time|about it]. {He} asked the {job} for some rope, {friend} for a "
     "hammer and {his} {kin} for {food} to feed the helpers. \"What are you doing?\" asked the people. \"I am mending "
     "the"
     " bridge,\" said {hero}. [They laughed, but {friend} took off {fhis} coat and helped.|First one man put down his "
     "bag and helped, then a second.]\nBy the next day there were {+number} helpers. They worked {+manner}, and "
     "{+number} days later the last nail was in its place.",
     "[{Hero} was the first to walk across.|They let {hero} cross first.] In the middle {he} stopped and looked down "
     "at the water. {He} felt {+glad}."},
    {"{He} wanted to be in the school play more than anything. But when the parts were given out, {hero} was only to "
     "be a tree. [{His} best friend {friend} was the first to hear of it.|{Friend}, {his} best friend, knew it "
     "too.|{He} told {his} friend {friend} about it.|\"What do you think?\" {he} asked {his} friend "
     "{friend}.|{Friend}, "
     "who lived next door, had heard of it as well.]",
     "{Friend}, who was to be the king, learned a long speech. {Hero} helped {fhim} every day {spot}, until both of "
     "them knew each word. [On the evening of the play the hall was full.|The whole of {town} came to see it.] But "
     "when {friend} stepped into the light, {fhe} felt {+sad} and forgot everything. There was a terrible "
     "silence.\nThen the tree began to whisper. [Word by word|Line by line], {hero} gave {friend} the speech from "
     "behind, and {friend} spoke it [loudly|clearly|without a mistake]. Nobody in the hall noticed anything.",
     "At the end everybody clapped. {Friend} took {hero} by the hand and pulled {him} to the front. \"[This is the one "
     "who saved the play|I would have been lost without {hero}],\" said {friend}."},
    {"A stranger came to {town} {+hour}. {+Weather} He carried nothing but {a quality} {thing}, and nobody could "
     "understand his language.",
     "[The people closed their doors.|Some people whispered that he was a thief.] {Hero} was {+sad} too, but {he} saw "
     "that the man was cold. {He} pointed to the house, and {his} {kin} put {food} on the table. The stranger ate "
     "[slowly|with great hunger|everything]. Then he took the {thing} and [showed them how it was made|drew a picture "
     "of his own village in the dust]. There was [a mountain|a harbour|a wide field] in it, and a small house with "
     "{+number} windows.\n{Hero} drew {his} own house beside it. The stranger laughed and said a word. [It must have "
     "meant \"friend\".|{Hero} repeated it, and he nodded.]",
     "He stayed until {season} and learned to speak like everybody else. [He became the best {job} that {town} had "
     "ever had.|When he left, half of {town} came to the station.] He never forgot who had opened the door first."},
    {"{His} {kin} was the best cook in {town}, and {+hour} {khe} let {hero} cook alone for the first time. [{His} best"
     " friend {friend} was the first to hear of it.|{Friend}, {his} best friend, knew it too.|{He} told {his} friend "
     "{friend} about it.|\"What do you think?\" {he} asked {his} friend {friend}.|{Friend}, who lived next door, had "
     "heard of it as well.]",
     "{Hero} read the recipe [twice|aloud]. {He} washed the pots, cut the onions and stirred. But just then there was "
     "{+noise} at the door, and when {he} came back, the soup was burnt. {He} felt {+sad}. \"The guests will be here in"
     " an hour,\" said {hero}. [There was nothing left in the kitchen but some flour and {food}.|In the cupboard {he} "
     "found only {food} and a few eggs.]\n{Friend} looked in at the window. \"Then make something that nobody has ever "
     "eaten,\" said {friend}. They mixed, rolled and baked, and they laughed so much that the flour [flew up to the "
     "ceiling|covered the floor like snow].",
     "The guests tasted it and were quiet. Then the {job} asked for a second plate. \"What do you call it?\" {jhe} "
     "asked. \"[A lucky accident|Burnt soup|The {season} special],\" said {hero}, and {his} {kin} winked."},
});

}  // namespace

std::span<const StoryPlot> villagePlots() {
    return kPlots;
}

}  // namespace gsst
