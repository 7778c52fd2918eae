/**
 * Any text as one word of a line, and back: {@code \s} is a blank, {@code \n} a line feed, {@code \r} a carriage return
 * and {@code \\} a backslash; all else is itself.
 */
final class Words {
    private static final String PLAIN = "\\ \n\r";
    private static final String ESCAPED = "\\snr";

    private Words() {}

    static String write(String text) {
        StringBuilder word = new StringBuilder();
        for (char letter : text.toCharArray()) {
            int at = PLAIN.indexOf(letter);
            if (at < 0) {
                word.append(letter);
            } else {
                word.append('\\').append(ESCAPED.charAt(at));
            }
        }
        return word.toString();
    }

    static String read(String word) {
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < word.length(); at++) {
            char letter = word.charAt(at);
            text.append(letter == '\\' ? PLAIN.charAt(ESCAPED.indexOf(word.charAt(++at))) : letter);
        }
        return text.toString();
    }
}
