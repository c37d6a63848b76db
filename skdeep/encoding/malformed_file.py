"""What goes wrong with files that somebody else may have written."""


class MalformedFileError(ValueError):
    """A file whose content is not what it should be.

    The message says what is wrong, as the end of a sentence about the file.
    """
