namespace Ayni.Llama;

/// <summary>Writes a SentencePiece model file: the message <c>ModelProto</c> of <c>sentencepiece_model.proto</c>.</summary>
internal static class SentencePieceModelWriter
{
    private const int BytePairModel = 2;

    /// <summary>The file's bytes.</summary>
    public static byte[] Write(TokenizerDescription description)
    {
        var tokenizer = (SentencePieceTokenizer)description.Tokenizer;
        var scores = description.Scores;
        var model = new ProtobufWriter();
        for (var id = 0; id < description.Tokens.Length; id++)
        {
            var piece = new ProtobufWriter();
            piece.Text(1, description.Tokens[id]);
            piece.Float(2, scores[id]);
            piece.Integer(3, (long)description.Types[id]);
            model.Message(1, piece);
        }
        model.Message(2, Trainer(description, tokenizer));
        var normalizer = new ProtobufWriter();
        normalizer.Text(1, "identity");
        normalizer.Boolean(3, tokenizer.Format.AddsDummySpace);
        normalizer.Boolean(4, tokenizer.Format.RemovesExtraSpaces);
        normalizer.Boolean(5, true);
        model.Message(3, normalizer);
        return model.Written.ToArray();
    }

    private static ProtobufWriter Trainer(TokenizerDescription description, SentencePieceTokenizer tokenizer)
    {
        var trainer = new ProtobufWriter();
        trainer.Integer(3, BytePairModel);
        trainer.Integer(4, description.Tokens.Length);
        trainer.Boolean(35, tokenizer.Format.FallsBackToBytes);
        Special(40, 45, tokenizer.Format.UnknownId);
        Special(41, 46, tokenizer.BeginOfText);
        Special(42, 47, tokenizer.EndOfText);
        trainer.Integer(43, -1); // No padding.
        return trainer;

        void Special(int idField, int pieceField, int? id)
        {
            trainer.Integer(idField, id ?? -1);
            // A text that no piece has says that there is none.
            trainer.Text(pieceField, id is { } known ? description.Tokens[known] : $"<none-{pieceField}>");
        }
    }
}
