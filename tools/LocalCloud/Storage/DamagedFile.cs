using System.Globalization;

namespace LocalCloud;

/// <summary>What is done with a file that cannot be read any more: it is kept under another name, where nothing writes over it and a person can look at it.</summary>
internal static class DamagedFile
{
    /// <summary>Moves a file aside, to NAME.damaged-TIME.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">Now.</param>
    /// <returns>Where it is.</returns>
    /// <exception cref="IOException">It could not be moved.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static string Move(string path, DateTimeOffset time)
    {
        var aside = NameAside(path, time);
        File.Move(path, aside);
        DurableFile.FlushDirectoryOf(aside);
        return aside;
    }

    /// <summary>Copies a file that is still of use.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">Now.</param>
    /// <param name="isSecret">Whether only the owner may read the copy.</param>
    /// <inheritdoc cref="Move"/>
    public static string Copy(string path, DateTimeOffset time, bool isSecret)
    {
        var aside = NameAside(path, time);
        DurableFile.Write(aside, File.ReadAllBytes(path), isSecret);
        return aside;
    }

    private static string NameAside(string path, DateTimeOffset time)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{path}.damaged-{time.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}");
        var aside = name;
        for (var number = 2; File.Exists(aside); number++)
        {
            aside = string.Create(CultureInfo.InvariantCulture, $"{name}-{number}");
        }

        return aside;
    }
}
