using System.Text;

namespace Ayni.Llama;

/// <summary>
/// Reads a SentencePiece model file (<c>tokenizer.model</c> of Llama 1 and 2), the message <c>ModelProto</c> of
/// <c>sentencepiece_model.proto</c>. What would change ids and isn't built here is refused by name.
/// </summary>
internal static class SentencePieceModel
{
    private const int BytePairModel = 2;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static SentencePieceTokenizer Parse(string path, byte[] content) => Parse(path, content, out _);

    /// <summary>Reads the tokenizer and gives its pieces, of which it keeps all but the scores.</summary>
    public static SentencePieceTokenizer Parse(string path, byte[] content, out List<SentencePiece> pieces)
    {
        pieces = [];
        var offsets = new List<int>();
        var trainer = new TrainerSpec();
        var normalizer = new NormalizerSpec();
        var reader = new ProtobufReader(path, content, 0);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    if (pieces.Count == TokenizerFile.MaxTokens)
                        throw new ModelFormatException(path, reader.Offset, "pieces", $"there are more than {TokenizerFile.MaxTokens}");
                    offsets.Add(reader.Offset);
                    pieces.Add(ReadPiece(path, reader.ReadMessage(), pieces.Count));
                    break;
                case 2:
                    trainer.Read(path, reader.ReadMessage());
                    break;
                case 3:
                    normalizer.Read(path, reader.ReadMessage());
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        if (pieces.Count == 0)
            throw new ModelFormatException(path, 0, "pieces", "there are none; expected a SentencePiece model or ranks in tiktoken's form");
        if (trainer.ModelType != BytePairModel)
        {
            throw new ModelFormatException(path, -1, "trainer_spec.model_type",
                $"{trainer.ModelType} is not supported; Llama's vocabularies are byte-pair models ({BytePairModel})");
        }
        return Build(pieces, trainer, normalizer, (id, problem) => new ModelFormatException(path, offsets[id], $"pieces[{id}]", problem));
    }

    private static SentencePieceTokenizer Build(
        List<SentencePiece> pieces, TrainerSpec trainer, NormalizerSpec normalizer, Func<int, string, ModelFormatException> fail)
    {
        var vocabulary = SentencePieceTokenizer.VocabularyOf(pieces, fail);
        var begin = vocabulary.Control.Find(trainer.BeginPiece);
        var end = vocabulary.Control.Find(trainer.EndPiece);
        var unknown = pieces.FindIndex(piece => piece.Type == TokenType.Unknown);
        var format = new SentencePieceFormat
        {
            UnknownId = unknown >= 0 ? unknown : null,
            AddsDummySpace = normalizer.AddsDummySpace,
            RemovesExtraSpaces = normalizer.RemovesExtraSpaces,
            FallsBackToBytes = trainer.FallsBackToBytes,
        };
        return new SentencePieceTokenizer(vocabulary, pieces, format, fail)
        {
            BeginOfText = begin,
            EndOfText = end,
            AddsBeginOfText = begin is not null,
            EndOfGeneration = Tokenizer.EndsOfGeneration(vocabulary, end),
        };
    }

    private static SentencePiece ReadPiece(string path, ProtobufReader reader, int id)
    {
        var (text, score, type, start) = ("", 0f, (long)TokenType.Normal, reader.Offset);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    text = ReadText(path, ref reader, $"pieces[{id}].piece");
                    break;
                case 2:
                    score = reader.ReadFloat();
                    break;
                case 3:
                    type = reader.ReadInteger();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        if (text.Length == 0)
            throw new ModelFormatException(path, start, $"pieces[{id}].piece", "the piece is empty");
        if (type is < (long)TokenType.Normal or > (long)TokenType.Byte)
            throw new ModelFormatException(path, start, $"pieces[{id}].type", $"{type} is not a type of piece");
        return new SentencePiece(text, score, (TokenType)type);
    }

    private static string ReadText(string path, ref ProtobufReader reader, string field)
    {
        var bytes = reader.ReadBytes();
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new ModelFormatException(path, reader.Offset - bytes.Length, field, "the text is not UTF-8", e);
        }
    }

    /// <summary>What of <c>TrainerSpec</c> matters to encoding.</summary>
    private sealed class TrainerSpec
    {
        public long ModelType { get; private set; } = 1;
        public bool FallsBackToBytes { get; private set; }
        public string BeginPiece { get; private set; } = "<s>";
        public string EndPiece { get; private set; } = "</s>";

        public void Read(string path, ProtobufReader reader)
        {
            while (reader.Next())
            {
                switch (reader.Field)
                {
                    case 3:
                        ModelType = reader.ReadInteger();
                        break;
                    case 24:
                        if (reader.ReadBoolean())
                            throw Unsupported(path, reader.Offset, "trainer_spec.treat_whitespace_as_suffix");
                        break;
                    case 35:
                        FallsBackToBytes = reader.ReadBoolean();
                        break;
                    case 46:
                        BeginPiece = ReadText(path, ref reader, "trainer_spec.bos_piece");
                        break;
                    case 47:
                        EndPiece = ReadText(path, ref reader, "trainer_spec.eos_piece");
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }
        }
    }

    /// <summary>What of <c>NormalizerSpec</c> matters to encoding.</summary>
    private sealed class NormalizerSpec
    {
        public bool AddsDummySpace { get; private set; } = true;
        public bool RemovesExtraSpaces { get; private set; } = true;

        public void Read(string path, ProtobufReader reader)
        {
            while (reader.Next())
            {
                switch (reader.Field)
                {
                    case 2:
                        if (!reader.ReadBytes().IsEmpty)
                            throw Unsupported(path, reader.Offset, "normalizer_spec.precompiled_charsmap");
                        break;
                    case 3:
                        AddsDummySpace = reader.ReadBoolean();
                        break;
                    case 4:
                        RemovesExtraSpaces = reader.ReadBoolean();
                        break;
                    case 5:
                        if (!reader.ReadBoolean())
                            throw Unsupported(path, reader.Offset, "normalizer_spec.escape_whitespaces = false");
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }
        }
    }

    private static ModelFormatException Unsupported(string path, long offset, string field) =>
        new(path, offset, field, "this is not supported; no Llama vocabulary uses it");
}
