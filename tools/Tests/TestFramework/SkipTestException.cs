namespace nanoFramework.TestFramework
{
    /// <summary>What <see cref="Assert.SkipTest"/> throws; from a <see cref="SetupAttribute">set-up</see> it skips the class.</summary>
    public class SkipTestException : Exception
    {
        /// <summary>Makes one.</summary>
        /// <param name="message">Why the test is skipped.</param>
        /// <param name="innerException">The cause, if another exception was.</param>
        public SkipTestException(string message = null, Exception innerException = null)
            : base(message, innerException)
        {
        }
    }
}
